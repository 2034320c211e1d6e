// @ts-check
// <server-list>: the servers with their states and reasons, and at the right the form of the one
// that is edited or added.

import { send } from '../../lib/dom.js';
import { duration, happened, plural, sentence } from '../../lib/format.js';
import { confirmAt, openMenu } from '../../lib/popover.js';
import { draw, each, glyph, html, nothing } from '../../lib/view.js';
import { reconnectServer, removeServer, said, setServerEnabled } from '../../api.js';
import { allServers, allSettings, isTrusted, onServers, reloadSettings, retryFailed, serversKnown } from './servers.js';
import './server-form.js';
import { toolList } from './tool-list.js';

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */

/** @type {Record<string, [string, string]>} */
const icons = {
  connected: ['circle-check', 'tone-ok'],
  connecting: ['ring', 'tone-live'],
  failed: ['circle-x', 'tone-bad'],
  invalid: ['circle-x', 'tone-bad'],
  disabled: ['circle-slash', 'tone-quiet'],
};

class ServerList extends HTMLElement {
  #form = /** @type {import('./server-form.js').ServerForm} */ (document.createElement('server-form'));
  #formOpen = false;
  /** The server in the form; null for one that is added. @type {string | null} */
  #editing = null;
  /** Servers whose details are open. @type {Set<string>} */
  #open = new Set();
  /** Servers that are connected again to see whether they work. @type {Set<string>} */
  #testing = new Set();
  #stop = () => {};

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    this.#show();
  }

  disconnectedCallback() {
    this.#stop();
  }

  add() {
    this.leave(() => this.#edit(null, null));
  }

  /** @param {string} name */
  edit(name) {
    if (name === this.#editing) this.#form.focus();
    else this.leave(() => this.#edit(name, allSettings().settings.mcpServers?.[name] ?? { builtin: 'stories' }));
  }

  /** @param {string | null} name @param {Record<string, any> | null} entry */
  #edit(name, entry) {
    this.#editing = name;
    this.#formOpen = true;
    this.#show();
    this.#form.open(name, entry);
  }

  /** Closes the form. @returns {boolean} whether it was open */
  back() {
    if (!this.#formOpen) return false;
    this.leave(() => {});
    return true;
  }

  save() {
    if (this.#formOpen) this.#form.save();
  }

  /** Closes the form and goes on; edits that were not saved are given up by the person alone. @param {() => void} go */
  leave(go) {
    const leave = () => {
      this.#close();
      go();
    };
    if (!this.#formOpen || !this.#form.changed) leave();
    else this.#form.askDiscard(leave);
  }

  #close() {
    if (!this.#formOpen) return;
    const name = this.#editing;
    this.#formOpen = false;
    this.#editing = null;
    this.#show();
    if (name !== null) this.#focusPart(name, 'edit');
  }

  /** @param {string} name */
  #saved(name) {
    this.#editing = name;
    reloadSettings().catch(() => {});
    // An entry that is saved as it was is not connected anew by that.
    retryFailed(name).catch(() => {});
    this.#close();
  }

  /** @param {string} server @param {'edit' | 'details'} part */
  #focusPart(server, part) {
    const found = (/** @type {string} */ one) => /** @type {HTMLElement | null} */ (this.querySelector(`[data-name="${CSS.escape(server)}"] .server-${one}`));
    (found(part) ?? found('edit'))?.focus();
  }

  #show() {
    const servers = allServers();
    const add = (/** @type {string} */ kind) => html`<button type="button" class=${kind} @click=${() => this.add()}>${glyph('plus', { size: 15 })}Add server</button>`;
    const none = serversKnown() ? html`<div class="settings-empty"><p>The tools of your servers will be listed here.</p>${add('button')}</div>` : nothing;
    draw(
      this,
      html`<section class="settings-page">
        <header class="top-bar settings-bar"><h1 class="settings-title grow">Servers</h1>${add('button primary')}</header>
        <div class="settings-scroll"><div class="server-cards">
          ${allSettings().warnings.map(notice)}
          ${servers.length > 0 ? html`<div class="server-cards-box">${each(servers, ({ name }) => name, (server) => this.#card(server))}</div>` : none}
        </div></div>
      </section>
      <aside class="settings-aside" ?hidden=${!this.#formOpen} aria-label="Server" @close-form=${() => this.back()}
        @saved=${(/** @type {CustomEvent} */ { detail }) => this.#saved(detail.name)}
        @remove-server=${(/** @type {CustomEvent} */ { detail }) => this.#remove(detail.name, detail.anchor)}>${this.#form}</aside>`,
    );
  }

  /** @param {ServerStatus} server */
  #card(server) {
    const { name, kind, state } = server;
    const [shape, tone] = icons[state];
    const wrong = state === 'failed' || state === 'invalid';
    const open = this.#open.has(name);
    const listed = (server.tools?.length ?? 0) + (server.notes?.length ?? 0) > 0 || Object.keys(approvalsOf(name)).length > 0;
    return html`<article class="server-card${name === this.#editing ? ' editing' : ''}" data-testid="server" data-name=${name} data-state=${state}>
      <div class="server-row">
        ${glyph(shape, { class: tone })}
        <button type="button" class="server-edit grow" @click=${() => this.edit(name)}>
          <span class="server-name"><strong>${name}</strong>${kind ? html`<span class="badge">${kind === 'builtin' ? 'built-in' : kind}</span>` : nothing}</span>
          <span class="server-state cut ${wrong ? 'tone-bad' : ''}">${stateWords(server)}</span>
        </button>
        ${wrong || listed
          ? html`<button type="button" class="${wrong ? 'button small' : 'icon-button'} server-details" aria-expanded=${open} aria-label=${wrong ? nothing : `Tools of ${name}`} @click=${() => this.#toggle(name)}>
              ${wrong ? html`${glyph('stethoscope', { size: 14 })}Details` : nothing}${glyph(open ? 'chevron-up' : 'chevron-down', { size: 14 })}
            </button>`
          : nothing}
        <button type="button" class="icon-button server-more" aria-label="More for ${name}" aria-haspopup="menu" @click=${(/** @type {any} */ event) => this.#menu(event.currentTarget, name)}>${glyph('ellipsis')}</button>
        <button type="button" class="toggle" role="switch" aria-checked=${state !== 'disabled'} aria-label="Use ${name}" @click=${(/** @type {any} */ event) => this.#use(event.currentTarget, server)}></button>
      </div>
      ${open ? this.#details(server, wrong) : nothing}
    </article>`;
  }

  /** @param {ServerStatus} server @param {boolean} wrong */
  #details(server, wrong) {
    const { name } = server;
    const lines = server.stderr ?? [];
    const approvals = approvalsOf(name);
    return html`<div class="server-more-body">
      ${wrong ? this.#fix(server) : nothing}
      ${lines.length > 0 ? html`<p class="server-lines-title">Last lines on stderr</p><pre class="server-lines mono">${lines.map(stderrLine)}</pre>` : nothing}
      ${!wrong && !isTrusted(name) ? html`<p class="server-trust" data-testid="not-trusted">${glyph('info', { size: 14 })}Not trusted yet: its first call asks you, whatever its tools say of themselves. Edit it to trust it now.</p>` : nothing}
      ${(server.notes ?? []).map((note) => notice(`${sentence(note)}.`))}
      ${!wrong || Object.keys(approvals).length > 0 ? toolList(server, approvals, () => this.#focusPart(name, 'details')) : nothing}
    </div>`;
  }

  /** Why it fails, and what can be done about it here. @param {ServerStatus} server */
  #fix({ name, state, message }) {
    const tests = this.#testing.has(name);
    const again = html`<button type="button" class="button small" data-testid="test-again" ?disabled=${tests} @click=${() => this.#again(name)}>${tests ? 'Testing' : 'Test again'}</button>`;
    const edit = html`<button type="button" class="button small" @click=${() => this.edit(name)}>Edit</button>`;
    return html`<div class="server-fix">
      ${glyph('wrench', { class: 'tone-bad' })}
      <p class="grow"><strong>Reason: </strong>${message ?? 'it did not say why'}</p>
      ${name === this.#editing ? nothing : state === 'failed' ? again : edit}
    </div>`;
  }

  /** It shows at once what it is switched to: the server tells of it later. @param {HTMLElement} toggle @param {ServerStatus} server */
  #use(toggle, { name, state }) {
    const on = state !== 'disabled';
    toggle.setAttribute('aria-checked', String(!on));
    setServerEnabled(name, !on).then(reloadSettings).catch((error) => {
      toggle.setAttribute('aria-checked', String(on));
      send(this, 'say', { text: said(error) });
    });
  }

  /** Connects it as it stands in the settings: what works is in use at once. @param {string} name */
  async #again(name) {
    this.#testing.add(name);
    this.#show();
    try {
      const status = await reconnectServer(name);
      const works = status.state === 'connected';
      send(this, 'say', { text: works ? `${name} works now: ${plural(status.toolCount ?? 0, 'tool')} in ${duration(status.elapsedMs ?? 0)}.` : `${name} still fails: ${status.message ?? 'it did not say why'}` });
    } catch (error) {
      send(this, 'say', { text: sentence(said(error)) });
    }
    this.#testing.delete(name);
    this.#show();
    // It lost the focus as it was switched off; whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) this.#focusPart(name, 'details');
  }

  /** @param {string} name */
  #toggle(name) {
    if (!this.#open.delete(name)) this.#open.add(name);
    this.#show();
  }

  /** @param {HTMLElement} anchor @param {string} name */
  #menu(anchor, name) {
    const items = [
      { label: 'Edit', icon: 'pencil', run: () => this.edit(name) },
      { label: this.#open.has(name) ? 'Hide tools' : 'Show tools', icon: 'wrench', run: () => this.#toggle(name) },
      { label: 'Remove', icon: 'trash', danger: true, run: () => this.#remove(name, anchor) },
    ];
    openMenu(anchor, items, { align: 'end', label: name });
  }

  /** @param {string} name @param {Element} anchor */
  #remove(name, anchor) {
    confirmAt(anchor, {
      title: `Remove ${name}?`,
      text: 'Its entry leaves settings.json. Past answers that used it stay.',
      action: 'Remove',
      danger: true,
      align: 'end',
      run: () =>
        removeServer(name)
          .then(() => {
            if (this.#editing === name) this.#close();
            return reloadSettings();
          })
          .catch((error) => send(this, 'say', { text: said(error) })),
    });
  }
}

/** @param {string} text */
function notice(text) {
  return html`<p class="start-notice">${glyph('triangle-alert')}<span>${text}</span></p>`;
}

/** @param {string} line */
function stderrLine(line) {
  return html`<span class=${/\b(warn|error|fatal|panic)/i.test(line) ? 'tone-warn' : ''}>${`${line}\n`}</span>`;
}

/** @param {ServerStatus} server */
function stateWords(server) {
  switch (server.state) {
    case 'connected':
      return ['Connected', plural(server.toolCount ?? 0, 'tool'), (server.notes ?? []).length > 0 ? 'some left out' : null, server.elapsedMs != null ? duration(server.elapsedMs) : null].filter(Boolean).join(' · ');
    case 'connecting':
      return 'Starting';
    case 'disabled':
      return 'Off';
    case 'invalid':
      return `Wrong entry · ${why(server)}`;
    default:
      return `Failed · ${why(server)}`;
  }
}

/** What to do stands in the details. @param {ServerStatus} server */
function why({ message, todo }) {
  return happened({ message: message ?? 'without a reason', todo });
}

/** Tools that are always allowed. @param {string} server @returns {Record<string, unknown>} */
function approvalsOf(server) {
  const allowed = allSettings().settings.approvals?.[server];
  return allowed !== null && typeof allowed === 'object' && !Array.isArray(allowed) ? allowed : {};
}

customElements.define('server-list', ServerList);
export { ServerList };
