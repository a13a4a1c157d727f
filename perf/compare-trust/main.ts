/**
 * The same accidents on this tool and its peers: who notices? `npm run compare:trust`. wireit, turbo and nx are installed
 * into a throw-away folder by npm; make and snakemake are taken from the PATH; a peer that is not there is left out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accidents, copy } from './accidents.ts';
import { read, root, run, write } from './tool.ts';
import { npmTools, pipeTool, systemTools } from './tools.ts';

try {
  const tools = [pipeTool(), ...npmTools(), ...systemTools()];
  const rows = [['', ...tools.map(({ name, version }) => `${name} ${version}`)]];
  for (const tool of tools) {
    const folder = mkdtempSync(join(root, 'task-'));
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    if (code !== 0 || read(folder, 'out.txt') !== 'a')
      throw new Error(`${tool.name} does not even run: ${code}`);
  }
  for (const [name, accident] of Object.entries(accidents)) {
    const row = [name];
    for (const tool of tools) {
      const folder = mkdtempSync(join(root, 'task-'));
      row.push(await accident(tool, folder));
    }
    rows.push(row);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    );
  console.log('refuses: ends with an error instead of the right out');
  console.log('–: the tool keeps no cache that could be damaged');
  if (rows.slice(1).some((row) => row[1] === 'FAIL')) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
