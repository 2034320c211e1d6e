// Servers, past runs and results for the scenes.

const people = ['ines.okafor', 'ann', 'm.lindqvist', 'tomas.reyl', 'ann', 'jo.abara', 'p.castell', 'm.lindqvist', 'ines.okafor', 'k.vance', 'ann', 'jo.abara', 'r.sato', 'tomas.reyl', 'k.vance'];
const titles = ['Forty million installs, one tired maintainer', 'The grant that arrived after the fork', 'Who pays for the compiler?', 'What a city got for paying upstream', 'A fund that answers in nine days', 'Sponsorship numbers, five years on', 'Why we stopped taking donations', 'Dual licensing without regret', 'Auditing the tip jar', 'Public money, public parsers', 'The foundation that said no', 'Bounties that made things worse', 'Payroll for a package index', 'An upstream tax that works', 'Minutes of a maintainers’ meeting'];

/** A `CallToolResult` with structured stories. @param {number} count */
export function stories(count) {
  const results = Array.from({ length: count }, (_, k) => ({
    id: 100 + k,
    title: titles[k % titles.length],
    author: people[k % people.length],
    tags: ['funding', 'open-source'],
    score: 412 - k * 7,
    created_at: `2026-0${(k % 9) + 1}-12T09:30:00Z`,
    snippet: 'She keeps the path library alive on weekends. The thread turns to who should pay her, and how much.',
  }));
  const data = { total: count, results };
  return JSON.stringify({ content: [{ type: 'text', text: JSON.stringify(data) }], structuredContent: data, isError: false });
}

/** A result that is text alone. @param {number} lines */
export function file(lines) {
  const text = Array.from({ length: lines }, (_, k) => `${k + 1}  libpath: ${k * 40} a month, first candidate of the budget draft`).join('\n');
  return JSON.stringify({ content: [{ type: 'text', text }], isError: false });
}

/** @param {string} scene */
export function servers(scene) {
  const tool = (name, description, extra = {}) => ({ name, description, readOnly: true, destructive: false, ...extra });
  const stories = ['search_stories', 'get_story', 'get_user_profile', 'get_user_posts', 'get_user_comments', 'list_tags'].map((name) => tool(name, 'Sample stories, people and comments'));
  const list = [
    { name: 'stories', kind: 'builtin', state: 'connected', toolCount: 6, elapsedMs: 3, stderr: [], tools: stories },
    { name: 'filesystem', kind: 'stdio', state: 'connected', toolCount: 14, elapsedMs: 412, stderr: [], tools: [tool('search_files', 'Find files by pattern'), tool('write_file', 'Write a file', { readOnly: false, destructive: false })] },
    { name: 'github', kind: 'http', state: 'connected', toolCount: 12, elapsedMs: 620, stderr: [], tools: [tool('search_issues', 'Search issues'), tool('add_issue_comment', 'Comment on an issue', { readOnly: false }), tool('delete_branch', 'Delete a branch', { readOnly: false, destructive: true })] },
    { name: 'notes', kind: 'stdio', state: 'failed', toolCount: 0, elapsedMs: 124, message: 'uvx is not installed; install uv, which brings uvx, then test again', todo: 'install uv, which brings uvx, then test again', stderr: ['INFO  vault: 1204 notes indexed in 812 ms', 'INFO  ready, 9 tools', 'WARN  watcher: 38 folders skipped, limit reached'], tools: [] },
  ];
  return scene === 'start' ? list.slice(0, 3) : list;
}

/** @param {number} now */
export function rows(now) {
  const hour = 3_600_000;
  const past = [
    [0.2, 'Who asked about the sync protocol?', 'finished', 4, 0],
    [1.8, 'Compare our parser benchmarks with the published ones', 'partial', 6, 1],
    [3.4, 'Which issues mention flaky tests on ARM?', 'failed', 4, 4],
    [24, 'Summarise the thread on night trains', 'finished', 3, 0],
    [26, 'Find every note that names Ines Okafor', 'cancelled', 5, 0],
    [30, 'How many stories have upstream keyword?', 'finished', 3, 0],
    [70, 'What changed upstream in the parsers we depend on?', 'interrupted', 5, 0],
    [90, 'Which tags grew fastest in June?', 'finished', 4, 0],
    [300, 'Where does the river project get its data?', 'finished', 4, 0],
    [900, 'List open pull requests we sent upstream', 'finished', 5, 0],
  ];
  return past.map(([hours, question, state, taskCount, failedCount], k) => ({ id: `00000000-0000-4000-8000-0000000000${String(k).padStart(2, '0')}`, question, state, startedAt: new Date(now - hours * hour).toISOString(), endedAt: null, taskCount, failedCount, snippet: null }));
}
