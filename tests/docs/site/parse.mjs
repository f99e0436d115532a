// Reads every diagram of the pages named; says which ones cannot be drawn, and ends with 1 if there is one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { JSDOM } from 'jsdom';

// The script is made for a browser: it gets a window, and leaves `mermaid` there.
const { window } = new JSDOM();
Object.assign(globalThis, { window, document: window.document, Element: window.Element });
runInThisContext(readFileSync(createRequire(import.meta.url).resolve('@mermaid-js/tiny'), 'utf8'));
let read = 0;
let refused = 0;
for (const file of process.argv.slice(2)) {
  for (const [, diagram] of readFileSync(file, 'utf8').matchAll(/^```mermaid\n(.*?)^```/gms)) {
    read += 1;
    try {
      await globalThis.mermaid.parse(diagram);
    } catch (error) {
      refused += 1;
      console.log(`${file}: ${error.message}`);
    }
  }
}
console.log(`${read} diagrams, ${refused} refused`);
process.exit(refused ? 1 : 0);
