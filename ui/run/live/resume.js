// @ts-check
// A page that was loaded again, or opened beside runs that go on, goes on where it was: runs that
// are live are followed whether anybody looks at them or not, so that the rail tells how they stand
// and what was to be asked after them is asked.

import { listRuns } from '../../api.js';
import { followRun } from './live-runs.js';
import { runsWithQueued } from '../../ask/follow-ups.js';

/** Live runs are among the newest ones. */
const LOOKED_AT = 60;

export async function resume() {
  for (const runId of runsWithQueued()) followRun(runId, () => {});
  const { runs } = await listRuns({ limit: LOOKED_AT, offset: 0 });
  for (const run of runs) if (run.state === 'running') followRun(run.id, () => {});
}
