// @ts-check
// The pieces a task's row is drawn from, made of its spans. Pure; times in milliseconds.

/** @typedef {import('../live/types.js').Task} Task */
/**
 * @typedef {object} Piece
 * @property {'diamond' | 'wait' | 'queue' | 'approval' | 'tried' | 'gap' | 'run' | 'progress' | 'done' | 'kept' | 'bad' | 'stopped' | 'unstarted' | 'skip' | 'torn'} kind
 * @property {number} from
 * @property {number} to
 * @property {boolean} live grows until now
 * @property {number} [share] 0 to 1
 * @property {number} [delayMs]
 */

/**
 * @param {Task} task
 * @param {number} nowMs
 * @returns {Piece[]}
 */
export function pieces(task, nowMs) {
  const ended = task.endedMs !== null;
  const until = task.endedMs ?? nowMs;
  if (task.startedMs === null && ended) return [neverStarted(task, until)];
  /** @type {Piece[]} */
  const drawn = [];
  task.spans.forEach((span, place) => {
    const last = place === task.spans.length - 1;
    const to = span.to ?? nowMs;
    const live = span.to === null;
    switch (span.kind) {
      case 'planned':
        if (last) drawn.push({ kind: 'diamond', from: span.from, to: span.from, live: false });
        break;
      case 'dependency':
        drawn.push({ kind: 'wait', from: span.from, to, live });
        break;
      case 'limit':
      case 'rate':
        drawn.push({ kind: 'queue', from: span.from, to, live });
        break;
      case 'approval':
        drawn.push({ kind: 'approval', from: span.from, to, live });
        break;
      case 'backoff':
        drawn.push({ kind: 'gap', from: span.from, to, live, delayMs: span.delayMs });
        break;
      default:
        drawn.push(attempt(task, span, to, live, last));
    }
  });
  return drawn;
}

/** @param {Task} task @param {number} until @returns {Piece} */
function neverStarted(task, until) {
  const from = task.spans[0]?.from ?? task.plannedMs;
  if (task.reused !== null) return { kind: 'kept', from, to: until, live: false };
  if (task.status === 'completed') return { kind: 'done', from, to: until, live: false };
  if (task.error?.code === 'denied') return { kind: 'unstarted', from, to: until, live: false };
  if (task.status === 'failed') return { kind: 'bad', from, to: from, live: false };
  if (task.status === 'interrupted') return { kind: 'torn', from, to: until, live: false };
  if (task.status === 'cancelled') return { kind: 'unstarted', from, to: until, live: false };
  return { kind: 'skip', from, to: until, live: false };
}

/**
 * @param {Task} task
 * @param {import('../live/types.js').Span} span
 * @param {number} to
 * @param {boolean} live
 * @param {boolean} last
 * @returns {Piece}
 */
function attempt(task, span, to, live, last) {
  const { from } = span;
  if (span.failed || !last) return { kind: 'tried', from, to, live: false };
  if (live) {
    const { progress, total } = task.progress ?? {};
    if (progress !== undefined && total) {
      const share = Math.min(1, Math.max(0, progress / total));
      return { kind: 'progress', from, to, live, share };
    }
    return { kind: 'run', from, to, live };
  }
  const kinds = { completed: 'done', failed: 'bad', interrupted: 'torn' };
  const kind = kinds[/** @type {keyof typeof kinds} */ (task.status)] ?? 'stopped';
  return { kind: /** @type {Piece['kind']} */ (kind), from, to, live: false };
}

/** Bars of which the width says nothing, but that must be told from others. @type {Partial<Record<Piece['kind'], number>>} */
const leastWidths = { wait: 8, gap: 0, kept: 16, unstarted: 12, skip: 12 };

/**
 * Where a dependency line leaves a task, or ends at it: the beginning of its first bar.
 * @param {Task} task
 * @param {number} nowMs
 */
export function beginning(task, nowMs) {
  return pieces(task, nowMs).reduce((first, piece) => Math.min(first, piece.from), Infinity);
}

/**
 * Where a bar is drawn: at least 3 px wide, never outside of the lane.
 * @param {Piece} piece
 * @param {number} pxPerMs
 * @returns {{ x: number, width: number }}
 */
export function place(piece, pxPerMs) {
  const x = piece.from * pxPerMs;
  if (piece.kind === 'diamond') return { x, width: 7 };
  const width = (piece.to - piece.from) * pxPerMs;
  return { x, width: Math.max(leastWidths[piece.kind] ?? 3, width) };
}
