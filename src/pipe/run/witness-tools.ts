/** Probe commands of a witness: they say something about the machine that no stat does, so they run again each time. */
import type { EnvDoc } from '../config/document.ts';
import { stageEnvironment } from '../job/environment.ts';
import { Masker, secretsOf } from '../job/mask.ts';
import { ToolProbes } from '../key/tool-probes.ts';

export interface ToolWitness {
  readonly command: string;
  readonly env: EnvDoc;
  /** What it printed, as it stands in the key. */
  readonly output: string;
}

/** Whether every command still prints what is in the keys. */
export async function toolsAgree(
  tools: readonly ToolWitness[],
  project: string,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const probes = new ToolProbes(project, false);
  const said = await Promise.all(
    tools.map(async (tool) => {
      const output = await probes.output(tool.command, stageEnvironment(tool.env, env, project));
      return new Masker(secretsOf(tool.env, env)).text(output) === tool.output;
    }),
  );
  return said.every(Boolean);
}
