/** Whose images and benchmark a run is of: nothing may be said of the paper's data that is not run on them. */

/** `generated`: drawn here; `paper`: CIFAR-10 and NAS-Bench-201; `own`: the user's images, benchmark, or both. */
export type DataOrigin = 'generated' | 'paper' | 'own';

export function dataOrigin(
  embedded: boolean,
  { images, bench }: { readonly images: string; readonly bench: string },
): DataOrigin {
  if (embedded) return 'generated';
  const isPapers = images === 'source.cifar10' && (bench === 'source.nb201' || bench === 'source.nats');
  return isPapers ? 'paper' : 'own';
}
