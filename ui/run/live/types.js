// @ts-check
// The shapes that cross the modules, as types alone: events as the core sends them, and the run
// that `reduce` makes of them.

/** @typedef {{ runId: string, seq: number, atMs: number, type: string } & Record<string, any>} RunEvent */

/** @typedef {'running' | 'finished' | 'partial' | 'failed' | 'declined' | 'cancelled' | 'interrupted'} RunState `declined`: a person allowed none of its calls */
/** @typedef {'planned' | 'waiting' | 'running' | 'retrying' | 'completed' | 'failed' | 'cancelled' | 'skipped' | 'interrupted'} TaskStatus */

/**
 * A stretch of a task's life. The timeline draws these and nothing else.
 * @typedef {object} Span
 * @property {'planned' | 'dependency' | 'limit' | 'rate' | 'approval' | 'attempt' | 'backoff'} kind
 * @property {number} from ms since the run began
 * @property {number | null} to null while it lasts
 * @property {number} [attempt] from 1
 * @property {boolean} [failed] an attempt after which another one followed
 * @property {number} [delayMs] of a backoff
 */

/** @typedef {{ message: string, todo?: string | null }} Told what happened, and at its end what to do, which `todo` repeats */

/** @typedef {{ atMs: number, level: 'info' | 'progress' | 'warn' | 'error', text: string }} LogLine */

/** @typedef {{ index: number, server?: string, tool?: string, effects?: ('changes' | 'destroys' | 'sends' | 'untrusted')[], sendsFrom?: string[], readOnly: boolean, destructive: boolean, definition: string, changed?: boolean }} AskedTool */
/** @typedef {{ inputTokens: number, outputTokens: number, calls: number, estimated?: boolean, firstTokenMs?: number, tokensPerSecond?: number, cost?: number }} Usage */
/** @typedef {{ index: number, read: number, of: number, unit: 'items' | 'bytes' }} Cut a result of which the model read a part */

/**
 * @typedef {object} Task
 * @property {number} index from 0, in plan order
 * @property {string} id
 * @property {string | null} server
 * @property {string} tool
 * @property {boolean} missing only its place is known: it is planned again
 * @property {any} arguments with placeholders replaced once it was asked about or has started
 * @property {string} description
 * @property {number[]} dependsOn
 * @property {TaskStatus} status
 * @property {string | null} waitingFor
 * @property {number | null} limit calls that its server takes at once at present, while it waits for that
 * @property {number | null} untilMs until when its server asked to be left alone
 * @property {{ reason: string, tool: AskedTool | null } | null} asked why a person is asked about it
 * @property {Span[]} spans
 * @property {number} plannedMs
 * @property {number | null} startedMs first start
 * @property {number | null} endedMs
 * @property {number} attempt
 * @property {{ progress: number, total?: number, message?: string } | null} progress
 * @property {{ delayMs: number, reason: string } | null} retry the last one
 * @property {number} elapsedMs
 * @property {number} resultBytes
 * @property {string} preview
 * @property {number | null} items how many its result has; null where it is no list
 * @property {{ runId: string, ageMs: number } | null} reused
 * @property {(Told & { code: string }) | null} error
 * @property {LogLine[]} log
 * @property {number} leftOut lines of progress that its log no longer holds
 */

/**
 * @typedef {object} Run
 * @property {string} runId
 * @property {number} lastSeq -1 before the first event
 * @property {number} nowMs time of the last event
 * @property {RunState} state
 * @property {string} question
 * @property {string | null} startedAt
 * @property {string | null} continues
 * @property {{ name: string, ready: boolean, toolCount: number, elapsedMs: number, message: string, todo: string | null }[]} servers
 * @property {{ count: number, elapsedMs: number, atMs: number } | null} tools
 * @property {string | null} planner
 * @property {number | null} planStartMs
 * @property {{ taskCount: number, elapsedMs: number, atMs: number, note: string | null, usage: Usage | null, leftOut: string[] } | null} plan
 * @property {Task[]} tasks
 * @property {{ open: number[] }} approval
 * @property {{ completed: number, failed: number, skipped: number, cancelled: number, wallMs: number, sequentialMs: number, atMs: number } | null} execution
 * @property {string} answer
 * @property {number | null} answerStartMs
 * @property {{ writer: 'builtin' | 'model' | null, citations: { index: number, item?: number }[], citationsRemoved: number, notConsulted: { server?: string, index?: number, reason: string }[], timings: Record<string, number | null>, usage: Usage | null, writing: Usage | null, cuts: Cut[] } | null} result
 * @property {(Told & { code: string }) | null} failure
 */

/** @typedef {{ id: string, question: string, state: RunState, startedAt: string, endedAt: string | null, taskCount: number, failedCount: number, declinedCount?: number, completedCount?: number, code?: string, continues?: string | null, thread?: string, snippet?: string | null, foundIn?: 'question' | 'answer' | 'results' }} RunRow */

/** @typedef {{ name: string, title?: string | null, description?: string | null, readOnly?: boolean, destructive?: boolean }} ToolStatus */
/** @typedef {{ name: string, kind: 'builtin' | 'stdio' | 'http' | null, state: 'disabled' | 'connecting' | 'connected' | 'failed' | 'invalid', toolCount?: number, elapsedMs?: number | null, message?: string | null, todo?: string | null, stderr?: string[], tools?: ToolStatus[], notes?: string[] }} ServerStatus */
/** @typedef {{ provider: string, baseUrl?: string | null, model?: string | null, apiKeyEnv?: string | null } & Record<string, any>} ModelSettings */
/** @typedef {{ settings: Record<string, any>, warnings: string[], notices: string[], dataFolder: string, version: string, modelName: string | null, rules: Rules }} SettingsAnswer */
/** @typedef {{ default: number | null, above?: number, least?: number, whole: boolean }} NumberRule what a number of the settings may be */
/** @typedef {{ limits: Record<string, NumberRule>, model: Record<string, NumberRule>, server: Record<string, NumberRule>, attempts: number }} Rules */
/** @typedef {{ id: string, name: string, provider: string, baseUrl: string | null, apiKeyEnv?: string | null, needsKey: boolean, keyUrl?: string | null }} Preset */
/** @typedef {{ name: string, contextTokens?: number | null }} OfferedModel */
/** @typedef {{ provider: string, baseUrl: string, name: string, models: OfferedModel[] }} DetectedModel */
/** @typedef {{ ok: boolean, code?: string | null, firstTokenMs?: number | null, tokensPerSecond?: number | null, message?: string | null }} ModelTest */
/** @typedef {{ source: { kind: 'keychain' } | { kind: 'environment', variable: string } | { kind: 'thisRun', reason: string } | null, ends: string | null, problem: string | null }} KeyStatus */

export {};
