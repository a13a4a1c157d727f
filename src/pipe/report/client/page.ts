/**
 * The page's script. The page says everything without it. Built to one file, which stands in every report under a policy
 * that allows exactly this text.
 */
import { Descriptions } from './descriptions.ts';
import { all } from './dom.ts';
import { addTools } from './figure-tools.ts';
import { addFilter, foldGroups, makeSortable } from './tables.ts';
import { addThemeButton } from './theme.ts';

addThemeButton();
for (const table of all<HTMLTableElement>('table.sortable')) makeSortable(table);
for (const table of all<HTMLTableElement>('#results table')) foldGroups(table);
for (const table of all<HTMLTableElement>('table.filtered')) addFilter(table);
const descriptions = new Descriptions();
for (const figure of all('figure')) addTools(figure, () => descriptions.hide());
markWhereTheReaderIs();
// Paper cannot be unfolded.
addEventListener('beforeprint', () => {
  for (const details of all<HTMLDetailsElement>('details')) details.open = true;
});

/** In the list of sections. */
function markWhereTheReaderIs(): void {
  const links = new Map(all<HTMLAnchorElement>('nav a').map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        links.get(target.id)?.classList.toggle('here', isIntersecting);
    },
    { rootMargin: '-20% 0px -70% 0px' },
  );
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section) watch.observe(section);
  }
}
