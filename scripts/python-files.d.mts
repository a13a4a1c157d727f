/** Copies the package's programs in Python into `folder`/python. */
export function copyPython(root: string, folder: string): void;
