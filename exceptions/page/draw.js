// draw() brings the screen up to date: at once, or four times a second at most.

let drawers = [];
let drawn = 0; // when the last drawing was done
let pressed = false; // what a pointer is down on has to stay until it is up
let timer;

export const setDrawers = (list) => { drawers = list; };

export function draw(atOnce = false) {
	clearTimeout(timer);
	if (!atOnce || pressed) {
		timer = setTimeout(draw, Math.max(20, drawn + 250 - performance.now()), true);
		return;
	}
	for (const drawer of drawers) drawer();
	drawn = performance.now();
}

addEventListener('pointerdown', () => { pressed = true; });
for (const type of ['pointerup', 'pointercancel', 'blur']) addEventListener(type, () => { pressed = false; });
