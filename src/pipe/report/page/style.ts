/** The page's style sheet. Colours come in two sets, light and dark; figures take part through the colours of their theme. */
import { figureColours } from '../figure/figure-theme.ts';

const light = {
  bg: '#fbfbf9',
  card: '#ffffff',
  ink: '#1d2126',
  quiet: '#59616c',
  line: '#e2e3df',
  strong: '#c9cbc6',
  accent: '#1a5688',
  good: '#176b3a',
  'good-bg': '#e6f3ea',
  bad: '#ad211a',
  'bad-bg': '#fcebe9',
  warn: '#805300',
  'warn-bg': '#fbf1dc',
  cached: '#2c5d8f',
  'cached-bg': '#e8f0f8',
  'quiet-bg': '#eff0ee',
  grid: '#e7e8ea',
  c0: '#4e79a7',
  c1: '#d9822b',
  c2: '#4d9a6b',
  c3: '#b65c8a',
  c4: '#7b6cb3',
  c5: '#8a6a4f',
  c6: '#2a9d9d',
  c7: '#8b9130',
  onbar: '#ffffff',
};

const dark: typeof light = {
  bg: '#14171b',
  card: '#1a1e23',
  ink: '#e4e7ea',
  quiet: '#9ea7b1',
  line: '#2b3138',
  strong: '#3d444d',
  accent: '#8cbcec',
  good: '#7fd09c',
  'good-bg': '#16301f',
  bad: '#ff9c92',
  'bad-bg': '#3a1c1a',
  warn: '#e8bf62',
  'warn-bg': '#332812',
  cached: '#98c1ea',
  'cached-bg': '#172a3d',
  'quiet-bg': '#242a31',
  grid: '#2f353c',
  c0: '#7ba7d7',
  c1: '#eba35c',
  c2: '#7cc598',
  c3: '#d98ab3',
  c4: '#a99be0',
  c5: '#bb9a7e',
  c6: '#5fc7c7',
  c7: '#bcc25f',
  onbar: '#14171b',
};

/** Colours of data are chosen for paper; in the dark they need a little more light. */
const darkPlot = 'brightness(1.3)';

function variables(colours: typeof light): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

/** Colours of a figure's text, axes and grid follow the page's; those of its data stay what the stage chose. */
const figureRules = [
  [figureColours.text, 'var(--ink)'],
  [figureColours.quiet, 'var(--quiet)'],
  [figureColours.axis, 'var(--quiet)'],
  [figureColours.grid, 'var(--grid)'],
]
  .map(([from, to]) => `.plot [fill="${from}"]{fill:${to}}.plot [stroke="${from}"]{stroke:${to}}`)
  .join('');

const base = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%;text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em}
code{overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:8px;background:var(--card);padding:6px 10px;z-index:9}
.page{max-width:62rem;margin:0 auto;padding:0 20px 72px}
h1,h2,h3,h4{line-height:1.25;font-weight:650;letter-spacing:-.008em;text-wrap:balance}
h1{font-size:1.8rem;letter-spacing:-.02em;margin:.1em 0 .25em}
h2{font-size:1.32rem;margin:0 0 .35em}
h3{font-size:1.06rem;margin:1.4em 0 .3em}
h4{font-size:1rem;margin:0 0 .55em}
p{margin:0 0 .6em}
main>section{border-top:1px solid var(--line);padding-top:26px;margin-top:40px}
#metrics{border-top:0;padding-top:0;margin-top:14px}#figures{padding-top:14px;margin-top:16px}#metrics h2{font-size:1.06rem}#figures .figure-section:first-of-type h3{margin-top:0}
section,figure,.result,.claim{scroll-margin-top:16px}
.quiet,.note,.origin,.unit,.caption,.kicker{color:var(--quiet)}
.note,.caption{max-width:44rem}
.origin{font-size:.84rem;margin:.5em 0 0}
.unit{font-weight:400}
.short{color:var(--warn)}
.head{padding:26px 0 2px}
.kicker{font-size:.84rem;margin:0}
.lead{font-size:1rem;margin:0 0 .3em;color:var(--quiet)}
.verdict{display:flex;flex-wrap:wrap;gap:6px 8px;margin:8px 0 6px}
.verdict .badge{font-size:.92rem;padding:2px 11px 2px 9px}
.facts{color:var(--quiet);font-size:.88rem}
.badge{display:inline-block;white-space:nowrap;border-radius:99px;padding:0 9px 0 7px;font-size:.82rem;font-weight:600;line-height:1.65}
.sign{display:inline-block;min-width:1em;text-align:center;font-weight:700}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.cached{color:var(--cached)}
.badge.good{background:var(--good-bg)}.badge.bad{background:var(--bad-bg)}.badge.warn{background:var(--warn-bg)}.badge.cached{background:var(--cached-bg)}.badge.quiet{background:var(--quiet-bg)}
.notice{border:1px solid var(--line);border-left:4px solid var(--cached);background:var(--card);border-radius:6px;padding:9px 14px;margin:10px 0}
.notice.warning{border-left-color:var(--warn)}
.notice h2{font-size:1rem;margin:0 0 .2em}
.notice.warning .sign{color:var(--warn)}.notice.info .sign{color:var(--cached)}
.notice p,.notice ul{margin:0 0 .3em}.notice details{margin-top:2px}
dl{margin:0}dt{color:var(--quiet);font-size:.82rem}dd{margin:0}
.notice dl,.facts-list{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:6px 22px;margin:.5em 0}
.num{text-align:right}dd.num{text-align:left}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,11.5rem),1fr));gap:10px;margin:12px 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:7px 12px}
.tiles dt{overflow-wrap:anywhere}
.tiles dd.means{font-size:.86rem;font-weight:400;letter-spacing:0;color:var(--quiet);line-height:1.4}
.tiles dd.num{font-size:1.4rem;font-weight:600;letter-spacing:-.02em;line-height:1.35}
.claims{list-style:none;margin:14px 0 0;padding:0;border:1px solid var(--line);border-radius:8px;background:var(--card)}
.best{border-bottom:2px solid var(--good)}
.scroll tbody th[scope=row]{position:sticky;left:0;background:var(--bg)}
.claim details{margin-top:2px}
.claim{display:grid;grid-template-columns:8.4rem minmax(0,1fr);gap:6px 16px;padding:9px 16px;border-top:1px solid var(--line);color:inherit}
.claim:first-child{border-top:0}
.claim .statement{font-weight:600;margin:0 0 .2em}
.claim .detail{margin:0}
.claim-facts{display:grid;grid-template-columns:4.2rem minmax(0,1fr);align-content:start;font-size:.86rem}
.claim-facts div{display:contents}
.claim-facts dt{padding-top:.1em}
.interval{display:block;margin:2px 0 3px}.interval path{stroke:var(--strong)}.interval .span{stroke:var(--ink);stroke-width:2}.interval circle{fill:var(--ink)}
.scroll,.canvas{overflow-x:auto;max-width:100%;position:relative}
.tall{max-height:34rem;overflow-y:auto}
.tall thead th{position:sticky;top:0;z-index:1}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);font-weight:400}
th.num,td.num{text-align:right}
td.num{white-space:nowrap}
th:first-child,td:first-child{padding-left:4px}
td.count,tbody th code{white-space:nowrap}
tbody th{min-width:7.5rem}td.why{min-width:11rem}
thead th{font-weight:600;color:var(--quiet);background:var(--bg);border-bottom-color:var(--strong);white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500}
tbody tr:hover{background:var(--quiet-bg)}
.delta{color:var(--quiet);font-size:.92em}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer;letter-spacing:inherit}
th button::after{content:"↕";opacity:.35;margin-left:.35em;font-weight:400}
th[aria-sort=ascending] button::after{content:"↑";opacity:1}th[aria-sort=descending] button::after{content:"↓";opacity:1}
td .short{display:block;font-size:.92em}
.common{font-size:.84rem;margin:.5em 0 0}
.notes{color:var(--quiet);font-size:.88rem;padding-left:1.2em;margin:.6em 0 0}
.figure-section{display:flex;flex-wrap:wrap;gap:18px}
.figure-section h3{flex:1 1 100%;margin:1em 0 -.2em}
figure{flex:1 1 100%;min-width:0;margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px 18px 14px}
figure.half{flex:1 1 21rem;max-width:100%}
.canvas{margin:0 -4px;padding:2px 4px}
.fit{width:100%}
.fit svg{display:block;width:100%;height:auto;overflow:visible}
.exploring .fit{min-width:max-content;max-width:none}.exploring .fit>svg.plot{display:none}.exploring .live svg{width:auto;height:auto}
.live .mark-symbol.role-legend-symbol,.live .role-legend-label{cursor:pointer}
figcaption{color:var(--quiet);font-size:.9rem;margin-top:8px;max-width:46rem}
figcaption p{margin:0 0 .25em}
blockquote{margin:10px 0 0;padding:2px 0 2px 14px;border-left:3px solid var(--strong);font-size:.9rem;max-width:46rem}
blockquote p{margin:0}blockquote footer{color:var(--quiet);font-size:.82rem}
details{margin-top:10px}
summary{cursor:pointer;font-size:.88rem;font-weight:600;padding:2px 0;width:fit-content}
summary .quiet{font-weight:400;margin-left:.4em}
details[open]>summary{margin-bottom:6px}
figure details{display:inline-block;margin-right:20px}figure details[open]{display:block;margin-right:0}
.made p{font-size:.88rem;color:var(--quiet)}
.missing{color:var(--bad)}
.tools{position:absolute;right:16px;top:13px;display:flex;gap:6px}
figure{position:relative}figure h4{padding-right:15rem}
.tools button,.theme,.more button,.filter{font:inherit;font-size:.8rem;color:var(--quiet);background:var(--card);border:1px solid var(--line);border-radius:6px;padding:2px 9px;cursor:pointer}
.tools button:hover,.theme:hover,.more button:hover{color:var(--ink);border-color:var(--strong)}
.filter{cursor:text;color:var(--ink);width:min(100%,20rem);padding:5px 9px;margin:2px 0 8px}
.plot{filter:var(--plot)}
.dag text,.timeline text{font:11px Arial,"Liberation Sans",Helvetica,sans-serif;fill:var(--quiet);text-anchor:middle}
.dag .name{font-size:13px;font-weight:700;fill:var(--ink)}
.dag rect{fill:var(--card);stroke:var(--strong)}
.dag .source rect{stroke-dasharray:4 3;fill:none}
.dag .edge{fill:none;stroke:var(--strong);stroke-width:1.3}
.dag marker path{fill:var(--strong)}
.dag .bar{stroke:none}.bar.good{fill:var(--good)}.bar.bad{fill:var(--bad)}.bar.warn{fill:var(--warn)}.bar.cached{fill:var(--cached)}.bar.quiet{fill:var(--strong)}
.timeline .grid{stroke:var(--grid)}
.timeline .lane{text-anchor:end}
.timeline .in{text-anchor:start;fill:var(--onbar);pointer-events:none}
.timeline rect.failed{stroke:var(--bad);stroke-width:2;stroke-dasharray:4 2}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 10px;padding:0;font-size:.86rem;color:var(--quiet)}
.legend svg{vertical-align:-1px}
${Array.from({ length: 8 }, (_, i) => `.c${i}{fill:var(--c${i})}`).join('')}
.failure{border:1px solid var(--line);border-left:4px solid var(--bad);background:var(--card);border-radius:6px;padding:12px 16px;margin:12px 0}
.failure h3{margin:0 0 .4em;font-weight:500}
.hint{color:var(--quiet)}
pre{background:var(--quiet-bg);border-radius:6px;padding:10px 14px;overflow-x:auto;line-height:1.5;margin:.5em 0}
.line{display:flex;flex-wrap:wrap;gap:6px 26px;font-size:.88rem}
.tip{position:fixed;z-index:10;pointer-events:none;max-width:min(22rem,calc(100vw - 16px));background:var(--ink);color:var(--bg);font-size:.8rem;line-height:1.4;padding:5px 9px;border-radius:5px;white-space:pre-line}
.tip[hidden]{display:none}
[data-l].on{stroke:var(--ink);stroke-width:2.5;stroke-opacity:1}
nav{font-size:.86rem;margin:18px 0 0;display:flex;flex-wrap:wrap;gap:2px 16px}
nav a{color:var(--quiet);text-decoration:none;padding:2px 0}
nav a:hover,nav a.here{color:var(--ink)}
.theme{position:absolute;right:20px;top:16px}
.wrap{position:relative}
.foot{color:var(--quiet);font-size:.82rem;border-top:1px solid var(--line);margin-top:44px;padding-top:14px}
@media (min-width:76rem){
.wrap{display:grid;grid-template-columns:10.5rem minmax(0,62rem);gap:28px;justify-content:center;padding:0 20px}
.page{margin:0;padding:0 0 72px;width:100%}
nav{position:sticky;top:0;align-self:start;flex-direction:column;flex-wrap:nowrap;padding-top:34px;margin:0;max-height:100vh;overflow-y:auto}
nav a{padding:3px 0 3px 10px;border-left:2px solid transparent}
nav a.here{border-left-color:var(--accent)}
}
@media (max-width:75.99rem){.wrap{max-width:62rem;margin:0 auto}nav{padding:14px 20px 0;padding-right:110px}.head{padding-top:26px}}
@media (max-width:46rem){
h1{font-size:1.6rem}
.claim{grid-template-columns:minmax(0,1fr)}
.claim-facts{grid-template-columns:4.2rem minmax(0,1fr)}
figure{padding:13px 13px 11px}figure h4{padding-right:0}.tools{position:static;margin-top:10px}
.page{padding:0 14px 56px}nav{padding-left:14px}
main>section{margin-top:30px;padding-top:20px}
}
@media print{
body{background:#fff;font-size:10.5pt}
nav,.theme,.tools,.filter,.more,.skip,th button::after{display:none}
.page{max-width:none;padding:0}.wrap{display:block;padding:0}
table{font-size:8.5pt}td.num{white-space:normal}
.tall{max-height:none;overflow:visible}.scroll,.canvas{overflow:visible}
figure,.failure,.claim,.notice,tr{break-inside:avoid}
main>section{margin-top:20px}
}
`;

/** The whole style sheet; `widths` are the natural widths, in px, of the drawings in the page. */
export function styleSheet(widths: readonly number[]): string {
  const fits = [...new Set(widths)]
    .sort((a, b) => a - b)
    .map(
      (width) =>
        `.w${width}{max-width:${width}px;min-width:${Math.min(width, Math.max(420, Math.round(width * 0.6)))}px}`,
    );
  return `:root{color-scheme:light;${variables(light)}}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--plot:${darkPlot};${variables(dark)}}}
@media screen{:root[data-theme=dark]{color-scheme:dark;--plot:${darkPlot};${variables(dark)}}}
${base}${figureRules}${fits.join('')}`.replace(/\n+/g, '\n');
}
