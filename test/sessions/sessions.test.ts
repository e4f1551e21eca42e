/** Every dialogue of this folder, on a cooked terminal and on the live one: what is seen must be equal. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';

import { play, readDialogues, record } from '../harness/dialogue.js';
import { whyNoTmux } from '../harness/tmux.js';

const skip = whyNoTmux() ?? false;
// INKLOOM_RECORD=1 writes the transcripts anew from the plain terminal; read what changed.
const recording = process.env.INKLOOM_RECORD === '1';

for (const dialogue of readDialogues(resolve('test/sessions'))) {
	describe(`${dialogue.name}: ${dialogue.about}`, () => {
		if (recording) {
			it('is recorded', { skip }, async () => {
				record(dialogue, await play(dialogue, false, true));
			});
			return;
		}
		for (const live of [false, true]) {
			it(`reads so on a ${live ? 'live' : 'plain'} terminal`, { skip }, async () => {
				const played = await play(dialogue, live);
				assert.equal(played.transcript, dialogue.transcript);
				for (const [path, text] of dialogue.after) assert.equal(played.after.get(path), text, path);
			});
		}
	});
}
