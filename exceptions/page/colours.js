// A value of the label "type" has one colour everywhere. No other label has colours of its own: a
// chart by another label uses shades of one.
//
// A colour comes from a hash, so that it survives a reload; of values that would share one, the
// later takes the next that is free.

const HUES = 12;
const KNOWN = new Map(Object.entries({ USER: 0, SYSTEM: 1, DEPENDENCY: 3, CANCELLED: 5, UNKNOWN: -1 }));
const used = new Map(); // colours by value

export function colour(key, value) {
	if (key !== 'type' || value === null) return '';
	let slot = used.get(value) ?? KNOWN.get(value);
	if (slot === undefined) {
		slot = 7;
		for (const c of value.slice(0, 200)) slot = Math.imul(slot, 31) + c.codePointAt(0);
		slot = ((slot ^ (slot >>> 15)) >>> 0) % HUES;
		const taken = new Set(used.values());
		if (used.size < HUES) while (taken.has(slot)) slot = (slot + 1) % HUES;
	}
	if (used.size < HUES) used.set(value, slot);
	return slot < 0 ? 'c-' : `c${slot}`;
}

// assign gives the values their colours in an order that does not depend on which failed first.
export function assign(values) {
	for (const value of [...values].sort((a, b) => KNOWN.has(b) - KNOWN.has(a) || (a < b ? -1 : 1))) colour('type', value);
}
