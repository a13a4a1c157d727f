// GitHub's REST API, as far as the action asks it.

export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} what
   */
  constructor(status, what) {
    super(`GitHub answered ${status} to ${what}`);
    this.status = status;
  }
}

/**
 * What it answers; null where it answers nothing. Throws Refused.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
export async function ask(method, path, body) {
  const answer = await fetch(`${process.env.GITHUB_API_URL ?? 'https://api.github.com'}${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${process.env.PIPE_TOKEN}`,
      'content-type': 'application/json',
      'x-github-api-version': '2022-11-28',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Refused(answer.status, `${method} ${path}`);
  return answer.status === 204 ? null : answer.json();
}
