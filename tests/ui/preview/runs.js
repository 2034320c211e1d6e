// The runs of the scenes.

import { file, stories } from './things.js';

const funding = 'Which open source funding stories drew the most discussion this year, and what do my notes say about them?';
const upstream = 'What changed upstream in the parsers we depend on since March, and does any of it touch Friday’s release?';
const base = { servers: ['stories', 'filesystem', 'github', 'calendar'], toolCount: 34, discoverMs: 14, planner: 'qwen3:8b', planStart: 15 };

export function parallel() {
  const tasks = [
    { tool: 'search_stories', server: 'stories', args: { query: 'upstream parser', size: 50 }, at: 878, start: 880, end: [2000, 'completed', 182_000] },
    { tool: 'search_files', server: 'filesystem', args: { path: '~/work', pattern: '**/Cargo.toml' }, at: 1060, start: 1064, progress: [[1200, 214, 2006, '214 of 2,006 folders'], [3000, 1204, 2006, '1,204 of 2,006 folders'], [4300, 1900, 2006, '1,900 of 2,006 folders']], end: [4800, 'completed', 6_000] },
    { tool: 'search_issues', server: 'github', args: { q: 'label:parser is:merged', since: '2026-03-01' }, at: 1280, start: 1282, retries: [[1700, 580, 'HTTP 503']], end: [4200, 'completed', 48_000] },
    { tool: 'read_multiple_files', server: 'filesystem', args: { paths: '${t2:/matches}' }, dependsOn: [1], at: 1500, waits: [[1502, 'dependency']], start: 4810, end: [5400, 'completed', 21_000] },
    { tool: 'get_user_posts', server: 'stories', args: { user_id: 12, limit: 20 }, at: 1760, waits: [[1762, 'rate']], start: 3600, end: [4400, 'completed', 9_000] },
    { tool: 'list_events', server: 'calendar', args: { from: '2026-07-13', to: '2026-07-18' }, at: 1980, start: 1982, end: [2722, 'failed', 0, { code: 'disconnected', message: 'connection lost: the server exited with code 1' }] },
  ];
  const answer = 'Two fixes landed upstream [1] [3]. Neither touches the release [4].\n\n## Details\n\n- The tokenizer now nests comments [1.2].\n- Nothing in `Cargo.toml` pins the old version [2].';
  return [{ ...base, id: 'aaaaaaaa-0000-4000-8000-000000000001', question: upstream, planEnd: 2115, tasks, live: true, after: [...deltas(answer, 5500), finished(5500 + answer.length * 12 + 100, answer, { partial: true, notConsulted: [{ index: 5, reason: 'connection lost' }] })] }];
}

const markdown = `Pay for maintainers drew the most discussion: three of the five most discussed stories are about it [1] [2.1]. Your notes cover two of them, both from the same weekend [3].

## Most discussed

| Story | Author | Comments |
|---|---|---|
| Forty million installs, one tired maintainer [2.1] | ines.okafor | 187 |
| What a city got for paying upstream [1.4] | tomas.reyl | 142 |
| The grant that arrived after the fork [2.2] | ann | 118 |
| Who pays for the compiler? [1.3] | m.lindqvist | 97 |

## What your notes add

- You doubted the install count and asked for a source [3].
- The budget draft names \`libpath\` as the first candidate [4].

To repeat the count [5]:

\`\`\`
search_stories query="tag:funding" size=50
\`\`\``;

export function answered({ long = false } = {}) {
  const tasks = [
    { tool: 'search_stories', server: 'stories', args: { query: 'funding', size: 50 }, at: 900, start: 900, end: [2180, 'completed', 182_000], description: 'Search stories about funding' },
    { tool: 'search_stories', server: 'stories', args: { query: 'tag:funding', size: 50 }, at: 1000, start: 1000, end: [2380, 'completed', 182_000], description: 'Search stories tagged funding' },
    { tool: 'search_files', server: 'filesystem', args: { path: '~/notes', pattern: 'funding' }, at: 1100, start: 1100, end: [2500, 'completed', 6_000], description: 'Find notes that mention funding' },
    { tool: 'read_text_file', server: 'filesystem', args: { path: '~/notes/budget.md' }, at: 1300, waits: [[1301, 'dependency']], dependsOn: [2], start: 2505, end: [2700, 'completed', 2_400], description: 'Read the budget draft' },
    { tool: 'list_tags', server: 'stories', args: {}, at: 1500, start: 1500, end: [2460, 'completed', 4_000], description: 'Count the tags' },
    { tool: 'list_events', server: 'calendar', args: { from: '2026-07-13' }, at: 1480, start: 1480, end: [2220, 'failed', 0, { code: 'disconnected', message: 'connection lost: the server exited with code 1' }], description: 'Look for related meetings' },
  ];
  const question = long ? `${funding} `.repeat(9).trim() : funding;
  const answer = long ? `${markdown}\n\n`.repeat(12) : markdown;
  const results = [stories(50), stories(50), undefined, file(400)];
  return [{ ...base, id: 'bbbbbbbb-0000-4000-8000-000000000001', question, planEnd: 2100, tasks, state: 'partial', results, after: [finished(6900, answer, { partial: true, notConsulted: [{ server: 'calendar', reason: 'connection lost' }], usage: { inputTokens: 11_612, outputTokens: 874, calls: 2, cost: 0.0161 }, writing: { inputTokens: 9202, outputTokens: 486, calls: 1, estimated: true, firstTokenMs: 412, tokensPerSecond: 96.4, cost: 0.0118 }, cuts: [{ index: 0, read: 12, of: 50, unit: 'items' }, { index: 3, read: 1_100, of: 2_400, unit: 'bytes' }], firstTokenMs: 3300 })], usage: { inputTokens: 2410, outputTokens: 388, calls: 1, firstTokenMs: 540, tokensPerSecond: 248.1, cost: 0.0043 } }];
}

export function failed() {
  const end = (at, code, what, todo) => [at, 'failed', 0, { code, message: `${what}; ${todo}`, todo }];
  const tasks = [
    { tool: 'search_issues', server: 'github', args: { q: 'flaky label:arm', per_page: 50 }, at: 690, start: 690, end: end(1090, 'http', 'the token has expired (HTTP 401)', 'sign in to github again') },
    { tool: 'search_notes', server: 'notes', args: { query: 'flaky ARM' }, at: 812, start: 812, end: end(816, 'disconnected', 'the server did not start: uvx is not installed', 'install uv, or choose another command for this server') },
    { tool: 'fetch', server: 'web', args: { url: 'https://ci.example.org/arm/flaky' }, at: 940, start: 942, retries: [[1240, 350, 'connection refused'], [1890, 650, 'connection refused']], end: end(2842, 'http', 'ci.example.org refused the connection, 3 attempts', 'the host may be down, or only reachable through a proxy') },
    { tool: 'search_stories', server: 'stories', args: { query: 'flaky AND (arm', size: 50 }, at: 1090, start: 1092, end: end(1095, 'tool_error', 'arguments rejected: “(” at character 11 is never closed', 'correct it, or plan anew') },
  ];
  return [{ ...base, id: 'cccccccc-0000-4000-8000-000000000001', question: 'Which issues mention flaky tests on ARM?', planEnd: 1600, tasks, state: 'failed', ageMs: 4 * 3_600_000, after: [{ atMs: 2900, type: 'failed', code: 'all_tasks_failed', message: 'none of the 4 tasks completed' }] }];
}

export function interrupted(state = 'interrupted') {
  const tasks = [
    { tool: 'search_stories', server: 'stories', args: { query: 'upstream parser', size: 50 }, at: 800, start: 800, end: [1900, 'completed', 182_000] },
    { tool: 'search_files', server: 'filesystem', args: { path: '~/work', pattern: '**/Cargo.toml' }, at: 1000, start: 1000, end: [2500, 'completed', 6_000] },
    { tool: 'list_tags', server: 'stories', args: {}, at: 1200, start: 1200, end: [1600, 'completed', 4_000] },
    { tool: 'search_issues', server: 'github', args: { q: 'label:parser is:merged' }, at: 1400, start: 1400, progress: [[3595, 3, undefined, 'page 3']] },
    { tool: 'read_multiple_files', server: 'filesystem', args: { paths: '${t2:/matches}' }, dependsOn: [1], at: 1620, start: 2500, progress: [[3600, 1, undefined, 'reading']] },
  ];
  if (state === 'cancelled') for (const task of tasks) task.end ??= [3610, 'cancelled'];
  return [{ ...base, id: 'dddddddd-0000-4000-8000-000000000001', question: 'What changed upstream in the parsers we depend on?', planEnd: 2400, tasks, state, ageMs: 30 * 3_600_000, after: state === 'cancelled' ? [{ atMs: 3620, type: 'cancelled' }] : [] }];
}

export function approval() {
  const tasks = [
    { tool: 'search_issues', server: 'github', args: { q: 'label:stale repo:tern/parser' }, at: 800, start: 800, end: [1740, 'completed', 96_000] },
    { tool: 'search_files', server: 'filesystem', args: { path: '~/work/parser', pattern: '**/*.md' }, at: 980, start: 982, progress: [[3000, 318, 441, '318 of 441 folders']] },
    { tool: 'add_issue_comment', server: 'github', args: { issue: 482, body: 'Closing as stale. Reopen if it still happens on 3.2.' }, at: 1200, waits: [[1201, 'approval']] },
    { tool: 'write_file', server: 'filesystem', args: { path: '~/work/parser/STALE.md', content: 'x '.repeat(600) }, at: 1360, waits: [[1361, 'approval']] },
    { tool: 'delete_branch', server: 'github', args: { repo: 'tern/parser', branch: 'fix/482-trailing-comma' }, at: 1550, waits: [[1551, 'approval']] },
    { tool: 'search_stories', server: 'stories', args: { query: 'stale', size: 10 }, at: 1700, start: 1701 },
    { tool: 'fetch', server: 'web', args: { url: '${t1:/results/0/ci}' }, at: 1710, waits: [[1711, 'dependency', { on: [0] }], [1760, 'approval']], dependsOn: [0] },
  ];
  const reasons = { 2: 'the tool add_issue_comment of server "github" is not marked as read-only', 3: 'the tool write_file of server "filesystem" is not marked as read-only', 4: 'the tool delete_branch of server "github" is not marked as read-only', 6: 'results of server "github" would go to the tool fetch of server "web", which reaches out into the world' };
  const known = { 2: { readOnly: false, destructive: false }, 3: { readOnly: false, destructive: false, changed: true }, 4: { readOnly: false, destructive: true }, 6: { readOnly: true, destructive: false } };
  const asked = (atMs, indexes) => ({ atMs, type: 'approvalRequested', indexes, reason: indexes.map((index) => reasons[index]).join('; '), tools: indexes.map((index) => ({ index, definition: 'e1', ...known[index] })), arguments: indexes.includes(6) ? [{ index: 6, arguments: { url: 'https://ci.example.org/482?title=trailing%20comma' } }] : [] });
  return [{ ...base, id: 'eeeeeeee-0000-4000-8000-000000000001', question: 'Close the stale parser issues and note what was closed', planEnd: 1915, tasks, live: true, after: [asked(1202, [2]), asked(1362, [3]), asked(1552, [4]), asked(1761, [6])] }];
}

/** Every state of a task, as a component sheet. */
export function states() {
  const task = (tool, args, rest) => ({ tool, server: 'files', args: { note: args }, at: 300, ...rest });
  const tasks = [
    task('planned', 'sent, not yet placed', {}),
    task('waiting', 'a dependency is open', { waits: [[301, 'dependency', { on: [4] }]] }),
    task('queued', 'a limit is reached', { waits: [[301, 'limit', { limit: 32 }]] }),
    task('queued', 'the server asked to wait', { waits: [[301, 'rate', { untilMs: 4000 }]] }),
    task('needs approval', 'not marked read-only', { waits: [[301, 'approval']] }),
    task('running, known progress', 'progress and total', { start: 300, progress: [[2000, 1204, 2006, '1,204 of 2,006 folders']] }),
    task('running', 'no progress reported', { start: 300 }),
    task('running, attempt 2', 'after a back-off', { start: 300, retries: [[700, 600, 'HTTP 503']] }),
    task('completed', 'count and size follow', { start: 300, end: [1600, 'completed', 182_000] }),
    task('reused', 'from an earlier run', { end: [301, 'completed', 182_000], reused: { runId: 'bbbbbbbb-0000-4000-8000-000000000001', ageMs: 300_000 } }),
    task('failed', 'the reason follows', { start: 300, end: [1100, 'failed', 0, { code: 'http', message: 'HTTP 404: no such page' }] }),
    task('cancelled', 'by the person', { start: 300, end: [1400, 'cancelled'] }),
    task('cancelled early', 'before it started', { waits: [[301, 'limit']], end: [1400, 'cancelled'] }),
    task('skipped', 'a dependency failed', { dependsOn: [10], end: [1100, 'skipped'] }),
    task('retrying', 'in its back-off', { start: 300, retries: [[1400, 5000, 'HTTP 429; server "files" now gets 32 calls at once instead of 64']] }),
    null,
    task('planned last', 'after one that is planned again', {}),
  ];
  return [{ ...base, id: 'ffffffff-0000-4000-8000-000000000001', question: 'Every state of a task', planEnd: null, tasks, live: true }, ...answered()];
}

const tools = [['search_stories', 'stories'], ['search_files', 'filesystem'], ['search_issues', 'github'], ['list_commits', 'github'], ['list_releases', 'github'], ['get_user_posts', 'stories'], ['list_events', 'calendar'], ['search_notes', 'notes'], ['fetch', 'web']];

/** Many tasks over many servers, with every tenth one failing. @param {number} count @param {number} span */
export function many(count, span) {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const tasks = Array.from({ length: count }, (_, k) => {
    const [tool, server] = tools[k % tools.length];
    const at = 700 + (k / count) * span * 0.35;
    const start = at + (count > 200 ? random() * span * 0.3 : 3);
    const end = start + 200 + random() * span * 0.4;
    const waits = count > 200 ? [[at + 1, 'limit']] : undefined;
    const bad = k % 10 === 9;
    const progress = k % 4 === 2 ? [0.2, 0.5, 0.8].map((share) => [start + (end - start) * share, share * 100, 100, undefined]) : undefined;
    return { tool, server, args: { query: `subject ${k}`, size: 50 }, at, waits, start, progress, end: [end, bad ? 'failed' : 'completed', Math.round(1000 + random() * 300_000), bad ? { code: 'http', message: 'HTTP 404: no such page' } : undefined] };
  });
  const last = Math.max(...tasks.map((task) => task.end[0]));
  const answer = `All ${count} results say the same [1].`;
  return [{ ...base, id: '99999999-0000-4000-8000-000000000001', question: upstream, planEnd: 700 + span * 0.36, tasks, live: true, after: [finished(last + 200, answer, {})] }];
}

function deltas(text, from) {
  return Array.from({ length: Math.ceil(text.length / 4) }, (_, k) => ({ atMs: from + k * 48, type: 'answerDelta', text: text.slice(k * 4, k * 4 + 4) }));
}

function finished(atMs, answer, { partial = false, notConsulted = [], usage, writing, cuts, firstTokenMs = null }) {
  const cited = [...answer.matchAll(/\[(\d+)/g)].map((match) => ({ index: Number(match[1]) - 1 }));
  return { atMs, type: 'finished', answer, citations: cited, citationsRemoved: 0, partial, notConsulted, timings: { discoverMs: 14, planMs: 2100, executeMs: 1800, synthesizeMs: 1400, firstTokenMs, totalMs: atMs }, ...(usage ? { usage } : {}), ...(writing ? { writing } : {}), ...(cuts ? { cuts } : {}) };
}

/** A question, and four that follow it up. */
export function thread() {
  const questions = [upstream, 'And which of them are released?', 'Who wrote the tokenizer fix?', 'Did they write anything else this year?', 'Sum all of that up in three lines'];
  const id = (/** @type {number} */ k) => `abababab-0000-4000-8000-00000000000${k}`;
  return questions.map((question, k) => {
    const answer = `Two fixes landed upstream [1]. This is answer ${k + 1}.`;
    const tasks = [{ tool: 'search_stories', server: 'stories', args: { query: 'parser' }, at: 300, start: 301, end: [900, 'completed', 4_000] }];
    return { ...base, id: id(k), question, planEnd: 500, tasks, state: 'finished', ageMs: (5 - k) * 600_000, continues: k === 0 ? undefined : id(k - 1), after: [finished(1200, answer, {})] };
  });
}
