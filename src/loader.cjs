// Starts a bundle with the code V8 has compiled before, where this Node made it: a third of the time
// to the first line goes into compiling otherwise. Without such a cache, or with that of another Node,
// the bundle is compiled as usual. `BUNDLE` is put in by the build.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const file = `${__dirname}/BUNDLE`;

function cacheOf(path) {
	try {
		return readFileSync(path);
	} catch {
		// Whatever is wrong with it: it saves time, and nothing else.
		return undefined;
	}
}

const script = new Script(
	`(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`,
	{ filename: file, cachedData: cacheOf(`${file}.cache`) },
);
script.runInThisContext().call(module.exports, module.exports, require, module, file, __dirname);
