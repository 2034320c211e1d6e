// Stands in for the window's Rust side: answers every command from a scene. A plain script, since
// `window.__TAURI__` must be there before the modules run. `?scene=NAME` chooses what there is to
// see, `?at=MS` freezes the clock there (`&now=TIME`: on that day), `?open=1` opens the scene's run.
(() => {
  const parameters = new URLSearchParams(location.search);
  const scenes = import('/preview/scenes.js').then((module) => module.scene(parameters));
  const at = parameters.get('at');
  if (at !== null) freeze(parameters.has('now') ? Date.parse(parameters.get('now')) : Date.now());

  function freeze(time) {
    const Real = Date;
    window.Date = class extends Real {
      constructor(...given) {
        super(...(given.length === 0 ? [time] : given));
      }
      static now() {
        return time;
      }
    };
    const steady = performance.now();
    performance.now = () => steady;
  }

  class Channel {
    onmessage = () => {};
    send(message) {
      this.onmessage(JSON.parse(JSON.stringify(message)));
    }
  }

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  const commands = {
    async watch_run({ runId, afterSeq, channel }, scene) {
      const run = scene.runs.find((one) => one.id === runId);
      if (run === undefined) throw { code: 'not_found', message: `there is no run ${runId}` };
      const events = run.events.filter((event) => event.seq > (afterSeq ?? -1));
      // As the window does it: in batches, and an empty one when there are no more.
      const send = async (list) => {
        for (let from = 0; from < list.length; from += 256) {
          await wait(1);
          channel.send(list.slice(from, from + 256));
        }
      };
      if (!run.live) {
        send(events).then(() => channel.send([]));
        return null;
      }
      const began = Date.parse(events[0]?.startedAt ?? new Date(Date.now()).toISOString());
      const passed = events.filter((event) => event.atMs <= Date.now() - began);
      if (at !== null) {
        send(passed);
        return null;
      }
      (async () => {
        await send(passed);
        for (let from = passed.length; from < events.length; ) {
          await wait(16);
          const rest = events.slice(from);
          const due = rest.filter((event) => began + event.atMs <= Date.now());
          if (run.stopped) return;
          if (due.length > 0) channel.send(due);
          from += due.length;
        }
        channel.send([]);
      })();
      return null;
    },
    ask: async ({ question, continues }, scene) => ({ runId: scene.ask(question, continues) }),
    list_runs: async ({ words, thread, limit, offset }, scene) => {
      const all = thread === undefined ? scene.rows(words ?? '') : scene.thread(thread);
      return { runs: all.slice(offset, offset + limit), total: all.length };
    },
    delete_runs: async ({ runIds }, scene) => void scene.remove(runIds),
    task_result: async ({ runId, index }, scene) => scene.result(runId, index),
    open_results: async () => null,
    cited: async ({ runId, index, item }, scene) => {
      const { items, text } = (await import('/evidence/items.js')).readResult(scene.result(runId, index));
      return { item: items?.[item - 1] ?? null, text };
    },
    render_markdown: async ({ text }) => (await import('/preview/markdown.js')).blocks(text),
    get_settings: async (_, scene) => scene.settings,
    watch_servers: async ({ channel }, scene) => void channel.send(scene.servers),
    presets: async (_, scene) => scene.presets,
    detect_models: async (_, scene) => scene.detected,
    list_models: async (_, scene) => scene.models,
    test_model: async ({ model }) => {
      await wait(600);
      if (parameters.get('test') === 'fails') return { ok: false, code: 'wrong_key', message: 'llm.example.org refused the key (HTTP 401: Incorrect API key provided: •••); set the right key in the settings' };
      return { ok: true, firstTokenMs: 420, tokensPerSecond: 35.2, message: `one, two, three, four, five, six, seven, eight, nine, ten, said ${model.model}` };
    },
    save_model: async ({ model }, scene) => {
      const { settings } = scene.settings;
      settings.model = { ...settings.model, ...model };
      scene.settings.modelName = model.provider === 'builtin' ? null : (settings.model.model ?? null);
    },
    save_limits: async ({ limits }, scene) => {
      if (limits.maxTasks === 999) throw { code: 'invalid_limits', message: 'nothing was saved: "maxTasks": that is too many' };
      Object.assign((scene.settings.settings.limits ??= {}), limits);
    },
    key_status: async (_, scene) => scene.key,
    save_key: async ({ key }, scene) => (scene.key = { source: { kind: 'keychain' }, ends: key.slice(-4), problem: null }),
    forget_key: async (_, scene) => (scene.key = { source: null, ends: null, problem: null }),
    reconnect_server: async ({ name }, scene) => {
      await wait(500);
      return scene.servers.find((one) => one.name === name);
    },
    withdraw_approval: async ({ server, tool }, scene) => {
      delete scene.settings.settings.approvals[server][tool];
    },
    save_export: async ({ runId, format }) => `/home/me/Downloads/Trawl ${runId.slice(0, 4)}.${format}`,
    test_server: async ({ name }) => {
      await wait(500);
      return { name, kind: 'stdio', state: 'failed', message: 'uvx is not installed; install uv, then test again', stderr: ['uvx: not found'] };
    },
    save_server: async () => null,
    set_server_enabled: async ({ name, enabled }, scene) => {
      const server = scene.servers.find((one) => one.name === name);
      if (server) server.state = enabled ? 'connected' : 'disabled';
      return null;
    },
    export_run: async ({ runId, format }) => `${runId} as ${format}`,
  };

  window.__TAURI__ = {
    core: {
      Channel,
      invoke: async (command, given = {}) => {
        const scene = await scenes;
        const act = commands[command];
        const result = act ? await act(given, scene) : null;
        return result === undefined ? null : result;
      },
    },
  };

  scenes.then((scene) => {
    if (parameters.get('open') !== null && location.hash === '') location.hash = `#/run/${scene.runs[0].id}`;
  });
})();
