/** What a queue's executor is made with. */
import type { ExecutorDoc } from '../../config/executor-doc.ts';
import type { Layout } from '../../store/layout.ts';
import type { QueueBackend } from './backend.ts';

export interface QueueOptions {
  readonly doc: ExecutorDoc;
  readonly backend: QueueBackend;
  readonly layout: Layout;
  readonly project: string;
  /** The pipeline file, relative to the project. */
  readonly pipeline: string;
  readonly run: string;
  /** Called with what a user should know, each thing once. */
  readonly onNotice: (text: string) => void;
}
