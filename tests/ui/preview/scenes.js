// The scenes: what history, servers and runs there are. See events.js for how a run is described.

import { eventsOf, tasksFinished } from './events.js';
import { answered, approval, failed, interrupted, many, parallel, states, thread } from './runs.js';
import { rows, servers, stories } from './things.js';

const scenes = { start: () => [], running: parallel, wide: () => many(24, 5600), many: () => many(20, 6000), thousand: () => many(1000, 20000), answered, partial: answered, failed, interrupted, cancelled: () => interrupted('cancelled'), approval, states, thread, long: () => answered({ long: true }) };

/** @param {URLSearchParams} parameters */
export async function scene(parameters) {
  const rules = await (await fetch('/fixtures/rules.json')).json();
  const name = parameters.get('scene') ?? 'start';
  const at = parameters.get('at');
  const now = Date.now();
  const made = name === 'fixtures' ? await fixtures() : scenes[name]().map((run) => finish(run, now, at));
  const past = name === 'start' && parameters.get('history') === null ? [] : rows(now);
  const runs = made;
  const model = name === 'start' ? null : 'qwen3:8b';
  return {
    runs,
    servers: servers(name),
    detected: detected(parameters.get('detected') ?? (name === 'start' ? 'one' : 'none')),
    models: [
      { name: 'qwen3-32b', contextTokens: 131_072 },
      { name: 'mistral-small-3.2', contextTokens: 128_000 },
      { name: 'llama-3.3-70b', contextTokens: 128_000 },
      { name: 'gemma-3-12b' },
      { name: 'a-model-with-a-name-that-is-much-longer-than-anybody-would-want-it-to-be-in-a-list-2026-02-28-preview', contextTokens: 1_048_576 },
    ],
    key: keys[parameters.get('key') ?? 'keychain'],
    presets: [
      preset('openai', 'OpenAI', 'openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY', 'https://platform.openai.com/api-keys'),
      preset('anthropic', 'Anthropic', 'anthropic', 'https://api.anthropic.com', 'ANTHROPIC_API_KEY', 'https://console.anthropic.com/settings/keys'),
      preset('ollama', 'Ollama', 'ollama', 'http://127.0.0.1:11434'),
      preset('lmstudio', 'LM Studio', 'openai', 'http://127.0.0.1:1234/v1'),
      preset('other', 'Other (OpenAI-compatible)', 'openai', null),
    ],
    settings: {
      settings: {
        mcpServers: {
          stories: { builtin: 'stories', requestsPerSecond: 1 },
          filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/me/notes'] },
          github: { url: 'https://example.com/mcp', headers: { Authorization: 'Bearer ${keychain:github}' } },
          notes: { command: 'uvx', args: ['markdown-vault-mcp', '--root', '/home/me/notes'], env: { VAULT_MODE: 'read-only', VAULT_TOKEN: '${keychain:vault}' }, timeoutSeconds: 60, maxConcurrent: 64 },
        },
        model: model === null ? { provider: 'builtin' } : { provider: 'openai', baseUrl: 'https://llm.example.org/v1', model: 'qwen3-32b' },
        limits: { runTimeoutSeconds: 900 },
        approvals: { filesystem: { write_file: 'sha256:1', move_file: 'sha256:2' } },
        preferences: { theme: parameters.get('theme') ?? 'system' },
      },
      warnings: [],
      notices: [],
      dataFolder: '/home/me/.local/share/dev.trawl.desktop',
      version: '0.1.0',
      modelName: model,
      rules,
    },
    rows: (words) => [...runs.map(rowOf), ...past].filter((row) => row.question.toLowerCase().includes(words.toLowerCase())),
    thread: (id) => {
      const first = (run) => {
        const before = runs.find((one) => one.id === run?.continues);
        return before === undefined ? run?.id : first(before);
      };
      const own = first(runs.find((run) => run.id === id));
      return runs.filter((run) => first(run) === own).map(rowOf).sort((a, b) => b.startedAt.localeCompare(a.startedAt));
    },
    remove: (ids) => {
      for (const list of [runs, past]) for (let k = list.length - 1; k >= 0; k -= 1) if (ids.includes(list[k].id)) list.splice(k, 1);
    },
    result: (runId, index) => runs.find((run) => run.id === runId)?.results?.[index] ?? stories(50),
    ask: (question, continues) => {
      const run = finish({ ...parallel()[0], id: crypto.randomUUID(), question, continues }, Date.now(), '0');
      run.live = true;
      runs.unshift(run);
      return run.id;
    },
  };
}

const keys = {
  keychain: { source: { kind: 'keychain' }, ends: '4f2a', problem: null },
  environment: { source: { kind: 'environment', variable: 'OPENAI_API_KEY' }, ends: '4f2a', problem: null },
  run: { source: { kind: 'thisRun', reason: 'this computer offers no keychain: the key is kept until Trawl is closed; to keep it, unlock the keychain, or put the key into an environment variable and name that in the settings' }, ends: '4f2a', problem: null },
  none: { source: null, ends: null, problem: 'the environment variable OPENAI_API_KEY is not set; set it before Trawl starts, or paste a key' },
};

function preset(id, name, provider, baseUrl, apiKeyEnv = null, keyUrl = null) {
  return { id, name, provider, baseUrl, apiKeyEnv, keyUrl, needsKey: apiKeyEnv !== null };
}

/** @param {string} which none, one or many */
function detected(which) {
  const ollama = { provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', name: 'Ollama', models: [{ name: 'qwen3:8b' }] };
  if (which !== 'many') return which === 'one' ? [ollama] : [];
  const studio = { provider: 'openai', baseUrl: 'http://127.0.0.1:1234/v1', name: 'LM Studio', models: ['gemma-3-12b', 'llama-3.3-70b-instruct-with-a-long-name-that-goes-on', 'qwen3-4b'].map((name) => ({ name, contextTokens: 32_768 })) };
  return [{ ...ollama, models: [{ name: 'llama3.2:3b' }, ...ollama.models] }, studio, { provider: 'openai', baseUrl: 'http://127.0.0.1:8080/v1', name: 'llama.cpp', models: [] }];
}

/** Golden event streams, as the Rust tests read them. */
async function fixtures() {
  const streams = await (await fetch('/fixtures/events.json')).json();
  return streams.map(({ name, events }) => ({ id: events[0].runId, question: `${name}: ${events[0].question}`, state: 'finished', events, tasks: [], ageMs: 0, startedAt: events[0].startedAt }));
}

function finish(run, now, at) {
  const age = run.live ? Number(at ?? 0) : (run.ageMs ?? 3_600_000);
  const startedAt = new Date(now - age).toISOString();
  const ended = run.tasks.length > 0 && run.tasks.every((task) => task?.end);
  const after = [...(ended ? [tasksFinished(run.tasks, Math.max(...run.tasks.map((task) => task.end[0]), run.planEnd ?? 0) + 1)] : []), ...(run.after ?? [])];
  return { ...run, startedAt, events: eventsOf({ ...run, startedAt, after }) };
}

function rowOf(run) {
  const last = run.events[run.events.length - 1];
  const state = run.live && last.atMs > Date.now() - Date.parse(run.startedAt) ? 'running' : (run.state ?? 'running');
  return { id: run.id, question: run.question, state, startedAt: run.startedAt, endedAt: null, taskCount: run.tasks.length, failedCount: run.tasks.filter((task) => task?.end?.[1] === 'failed').length, continues: run.continues ?? null };
}
