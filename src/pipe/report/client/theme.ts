/** Light or dark: the system's choice until the reader makes one. */
import { make } from './dom.ts';

const key = 'report-theme';

export function addThemeButton(): void {
  const root = document.documentElement;
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const button = make('button', '', { class: 'theme', type: 'button' });
  const label = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
  };
  const remembered = recall();
  if (remembered) root.dataset.theme = remembered;
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    root.dataset.theme = theme;
    remember(theme);
    label();
  });
  label();
  document.querySelector('.wrap')?.append(button);
}

// A browser may forbid a file to keep anything.
function recall(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(key, theme);
  } catch {}
}
