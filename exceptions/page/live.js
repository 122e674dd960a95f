// New failures and labels, as they come.

import { companion, data, entries, jobOf, nameOf, put, shows } from './data.js';
import { draw } from './draw.js';
import { $ } from './dom.js';
import { reading } from './list.js';
import { refresh } from './load.js';
import { count, line } from './text.js';

export const fresh = { count: 0, unknown: false }; // what came while the list was being read: listed on demand

export const resetFresh = () => Object.assign(fresh, { count: 0, unknown: false });

let source, retry, asleep;
let wait = 1000;

export function connect() {
	clearTimeout(retry);
	source?.close();
	source = new EventSource('events');
	let first = true; // what happened before this stream began is not in it
	source.onopen = () => {
		state('Live');
		wait = 1000;
		if (first || data.problem) catchUp();
		first = false;
	};
	source.onerror = () => {
		state('Reconnecting');
		if (source.readyState !== EventSource.CLOSED) return; // the browser tries again, and resumes
		retry = setTimeout(connect, wait);
		wait = Math.min(2 * wait, 30_000);
	};
	for (const type of ['failure', 'labels']) source.addEventListener(type, (event) => take(JSON.parse(event.data), type));
	source.addEventListener('lost', catchUp);
}

function state(text) {
	if ($('live').dataset.state === text) return;
	$('live').dataset.state = text;
	$('live').lastElementChild.textContent = text;
}

// take adds what the event stream brings. A failure is shown once the server has counted it.
function take(raw, type) {
	const isNew = type === 'failure' && !entries.has(raw.id);
	const known = entries.has(raw.id) || entries.has(raw.rootId);
	if (known || isNew) {
		const e = put(raw);
		const root = entries.get(raw.rootId);
		if (root) companion(root, e);
		else if (isNew && shows(e)) {
			e.fresh = true;
			fresh.count++;
			announce(e);
		}
	}
	draw();
	update();
}

// update asks for the answers anew: soon, and less often the longer they take. What the user asked
// for comes first.
let timer, asking = false, wanted = false, behind = false;
let due = 0;
function update() {
	wanted = true;
	if (!asking) timer ??= setTimeout(ask, Math.max(100, due - performance.now()));
}

// catchUp asks at once: failures may have been missed.
function catchUp() {
	wanted = behind = true;
	if (!asking) ask();
}

async function ask() {
	clearTimeout(timer);
	timer = null;
	if (data.busy) return update();
	const list = !data.list || !reading();
	const quiet = data.list && !behind;
	if (list) resetFresh();
	else fresh.unknown ||= behind;
	asking = true;
	wanted = behind = false;
	const start = performance.now();
	await refresh({ list, quiet });
	due = performance.now() + Math.max(1000, 5 * (performance.now() - start));
	asking = false;
	if (behind) ask();
	else if (wanted) update();
}
setTimeout(() => asking || data.list || catchUp(), 1000); // without events, too
setInterval(() => { // time goes on, and a server that failed may answer again
	if (!document.hidden && (data.problem || performance.now() > due + 60_000)) update();
}, 10_000);

// A hidden page lets go of its connection: browsers have six to a server, for all tabs.
addEventListener('visibilitychange', () => {
	clearTimeout(asleep);
	if (!document.hidden && source.readyState === EventSource.CLOSED) connect();
	if (document.hidden) asleep = setTimeout(rest, 10_000);
});
function rest() {
	clearTimeout(retry);
	source.close();
	state('Paused');
}
addEventListener('pagehide', rest);
addEventListener('pageshow', (event) => event.persisted && connect());

// announce tells a screen reader of new failures, every five seconds at the most.
let unsaid = 0;
let saying;
function announce(e) {
	unsaid++;
	saying ??= setTimeout(() => {
		$('news').textContent = `${count(unsaid, 'new failure')}, one of them in ${line(nameOf(jobOf(e)), 80)}.`;
		unsaid = 0;
		saying = undefined;
	}, 5000);
}
