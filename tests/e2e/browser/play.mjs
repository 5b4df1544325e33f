// Plays streams in a headless browser, one after the other, and says what came of it: a line of JSON for each.
//   node play.mjs DIRECTORY URL...        pictures of the pages go to DIRECTORY
// A URL behind "publish:" is that of a WHIP endpoint: the browser sends to it until all streams were played.
// BERTH_BROWSER names the browser's program. Ends with 0 if every stream was seen to move.
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const here = new URL('.', import.meta.url).pathname;
const patience = 40_000; // milliseconds for one stream
const wantedFrames = 50;

// Headless, on loopback, without a word to anybody else.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
];

async function servePage() {
  const player = createRequire(import.meta.url).resolve('mpegts.js/dist/mpegts.js');
  const files = {
    '/': ['text/html', await readFile(join(here, 'page.html'))],
    '/mpegts.js': ['text/javascript', await readFile(player)],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(body ? 200 : 404, { 'Content-Type': type ?? 'text/plain' }).end(body);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return server;
}

// Looks until `enough` holds of what is seen; the last look is the result.
async function lookUntil(page, enough, deadline) {
  for (;;) {
    const seen = await page.evaluate(() => look());
    if (enough(seen) || seen.error || Date.now() > deadline) return seen;
    await page.waitForTimeout(40);
  }
}

const spread = pixels => Math.max(...pixels) - Math.min(...pixels);
const difference = (a, b) => a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / a.length;

async function play(context, origin, url, directory) {
  const page = await context.newPage();
  const deadline = Date.now() + patience;
  try {
    await page.goto(origin);
    await page.evaluate(u => play(u), url);
    const first = await lookUntil(page, s => s.frames > 0 && s.currentTime > 0, deadline);
    // Not as far as a test's picture takes to come round.
    const between = await lookUntil(page, s => s.frames >= first.frames + wantedFrames / 3, deadline);
    const last = await lookUntil(page, s => s.frames >= first.frames + wantedFrames, deadline);
    const name = url.includes('/whep') ? 'whep' : `${url.split(':')[0]}-${url.split('.').pop()}`;
    await page.screenshot({ path: join(directory, `${name}.png`) });
    const { pixels, ...facts } = last;
    const contrast = pixels ? spread(pixels) : null;
    const change = between.pixels && first.pixels ? difference(first.pixels, between.pixels) : null;
    const moves = last.frames >= first.frames + wantedFrames && last.currentTime > first.currentTime + 1;
    const shows = contrast === null || (contrast > 50 && change > 1);
    return { url, ok: moves && shows && !last.error, ...facts, contrast, change };
  } finally {
    await page.close();
  }
}

const [directory, ...urls] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), 'berth-browser-'));
const server = await servePage();
let all = urls.length > 0;
try {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.BERTH_BROWSER ?? '/usr/bin/chromium', headless: true, args: flags,
  });
  for (const end of ['SIGTERM', 'SIGINT']) process.once(end, () => context.close().then(() => process.exit(1)));
  for (const url of urls) {
    if (url.startsWith('publish:')) {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.evaluate(u => publish(u), url.slice('publish:'.length));
      continue;
    }
    const result = await play(context, `http://127.0.0.1:${server.address().port}/`, url, directory)
      .catch(e => ({ url, ok: false, error: e.message }));
    console.log(JSON.stringify(result));
    all &&= result.ok;
  }
  await context.close();
} finally {
  server.close();
  await rm(profile, { recursive: true, force: true });
}
process.exitCode = all ? 0 : 1;
