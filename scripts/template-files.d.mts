/** Copies the pipelines to start from into `folder`/templates. */
export function copyTemplates(root: string, folder: string): void;
