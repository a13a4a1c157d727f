/** The shape of `executors`: queues that cells may be sent to instead of running on this machine. */
import { z } from 'zod';
import { byteSize } from './byte-size.ts';
import { durationPattern } from './duration.ts';
import { fixed } from './fixed.ts';

const text = z.string().min(1, 'must not be empty');
const line = text.regex(/^[^\n\r\0]*$/, 'is one line');
const count = z.int().min(1, 'must be at least 1');
const time = z.string().regex(durationPattern, 'a time is a number with ms, s, m, h or d: `4h`');
const size = z
  .union([z.number(), z.string()])
  .refine((value) => byteSize(value) !== null, 'a size is a number of bytes or text such as `4GiB`');

const resources = {
  cpu: z.number().min(0, 'must not be negative').optional().describe('Processors.'),
  gpu: z.int().min(0, 'must not be negative').optional().describe('GPUs.'),
  memory: size.optional().describe('Memory: `32GiB`.'),
};

const ofStage = fixed({
  ...resources,
  time: time.optional().describe('Longest time of a job.'),
  partition: line.optional().describe('Partition or queue.'),
  pack: count.optional().describe('Cells per job.'),
  extra: z.array(line).optional().describe('More arguments of the submit command.'),
});

/** What every queue has. */
const queue = {
  description: z.string().optional().describe('What it is.'),
  time: time.optional().describe('Longest time of a job: `4h`. Left out: what the queue gives.'),
  cells: count.optional().describe('Most cells that are queued or run at once; default 1000.'),
  array: count.optional().describe('Most jobs per submission; default 200.'),
  pack: count.optional().describe('Cells that one job runs, one after another; default 1.'),
  parallel: count.optional().describe('How many of a job’s cells run at once; default 1.'),
  wrap: line
    .optional()
    .describe('Put before the command that runs a job’s cells: `apptainer exec --nv image.sif`.'),
  setup: z.array(line).optional().describe('Lines of shell before it: `module load cuda`.'),
  node: line.optional().describe('Node on the hosts of the queue; default the one that runs `pipe`.'),
  warning: time
    .optional()
    .describe('How long before its time is up a cell is asked to write a checkpoint; default `60s`.'),
  poll: time.optional().describe('Pause between two looks at the queue; default `10s`.'),
  most: fixed(resources).optional().describe('The most that one job may ask for.'),
  has: fixed(resources)
    .optional()
    .describe('What the queue has in all: `{gpu: 8}`. Only the forecast of `pipe plan` counts with it.'),
  stages: z
    .record(z.string(), ofStage)
    .optional()
    .describe('What stages ask for here, where it is other than their `resources`.'),
};

export const slurmSchema = fixed({
  kind: z.literal('slurm').describe('Jobs of Slurm: sbatch, squeue, scancel.'),
  ...queue,
  partition: line.optional().describe('Slurm’s partition.'),
  account: line.optional().describe('Slurm’s account.'),
  extra: z.array(line).optional().describe('More arguments of sbatch: `--qos=normal`.'),
});

export const commandSchema = fixed({
  kind: z.literal('command').describe('Any other queue, by its commands.'),
  ...queue,
  submit: line.describe('Submits the script `{script}` and prints the job’s id.'),
  id: line.optional().describe('A regular expression; its first group is the id. Default: the first number.'),
  status: line.describe('Prints a line for each job that waits or runs; the id stands in it as a word.'),
  cancel: line.describe('Takes `{id}` from the queue and ends it.'),
});

export const executorSchema = z.union([slurmSchema, commandSchema]);

export type RawSlurm = z.output<typeof slurmSchema>;
export type RawCommandQueue = z.output<typeof commandSchema>;
