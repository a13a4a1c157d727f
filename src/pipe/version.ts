/** The package's version, put in by the build; `dev` when run from source. */
declare const PIPE_VERSION: string | undefined;
export const version: string = typeof PIPE_VERSION === 'string' ? PIPE_VERSION : 'dev';
