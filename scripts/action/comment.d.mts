export function commentText(head: string, bodies: readonly string[], last: string): string;
