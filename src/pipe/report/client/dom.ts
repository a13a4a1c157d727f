/** Small steps over the page's elements. */

/** Every element below `within` that the selector names, in order. */
export function all<Kind extends Element = HTMLElement>(
  selector: string,
  within: ParentNode = document,
): readonly Kind[] {
  return [...within.querySelectorAll<Kind>(selector)];
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text: string,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** `label`: what assistive software says in place of the text; left out: the text. */
export function makeButton(text: string, action: () => void, label?: string): HTMLButtonElement {
  const button = make('button', text, {
    type: 'button',
    ...(label === undefined ? {} : { 'aria-label': label }),
  });
  button.addEventListener('click', action);
  return button;
}
