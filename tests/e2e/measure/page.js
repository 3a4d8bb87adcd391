// What measurements ask of a page; runs in each of them before its own scripts.
window.measured = { shift: 0, events: [], strokes: [], memories: new Set() };

new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) measured.shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });

new PerformanceObserver((list) => {
    for (const { interactionId, duration, name, processingStart, startTime } of list.getEntries()) {
        if (interactionId) measured.events.push({ interactionId, duration, name, startTime, waited: processingStart - startTime });
    }
}).observe({ type: 'event', buffered: true, durationThreshold: 16 });

// Which canvas was drawn on, and when; the latest stroke of each.
const stroke = CanvasRenderingContext2D.prototype.stroke;
CanvasRenderingContext2D.prototype.stroke = function (...rest) {
    stroke.apply(this, rest);
    const known = measured.strokes.find((one) => one.canvas === this.canvas);
    if (known) known.at = performance.now();
    else measured.strokes.push({ canvas: this.canvas, at: performance.now() });
};
measured.drawn = () => measured.strokes.filter(({ canvas }) => canvas.isConnected).length;
measured.lastStroke = () => Math.max(0, ...measured.strokes.map(({ at }) => at));

// The memory of WebAssembly, which no statistics of the browser count.
for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...rest) => {
        const result = await real.apply(WebAssembly, rest);
        const { memory } = (result.instance ?? result).exports;
        if (memory) measured.memories.add(memory);
        return result;
    };
}
measured.memory = () => [...measured.memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

// The first task after the next frame was made ready to be shown.
measured.painted = () => new Promise((resolve) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    port2.postMessage(null);
}));

// Looks at each frame until the condition holds, and gives the time at which that frame was ready.
measured.when = async (condition, deadline = 30000) => {
    const began = performance.now();
    for (;;) {
        const holds = condition();
        const at = await measured.painted();
        if (holds) return at;
        if (at - began > deadline) throw new Error(`not within ${deadline} ms: ${condition}`);
    }
};

measured.isLoading = () => Boolean(document.querySelector('main .skeleton, main [aria-busy=true]'));
measured.shows = (selector, words) => [...document.querySelectorAll(selector)]
    .some((element) => element.textContent.includes(words) && element.getClientRects().length > 0);

// The table with rows and its number of trainings, and a field to search it.
measured.isUsable = (count) => document.querySelectorAll('tr[data-row]').length >= 10
    && measured.shows('.table-footer', `${count} trainings`)
    && document.querySelector('input[data-search]')?.disabled === false;

// Follows a link to a path of this server, and gives how long it took until the page shows what is waited for.
measured.go = async (path, condition) => {
    const link = Object.assign(document.createElement('a'), { href: path });
    link.style.position = 'fixed';
    document.body.append(link);
    const began = performance.now();
    link.click();
    link.remove();
    const at = await measured.when(() => location.pathname === path.split('?')[0] && !measured.isLoading() && condition());
    return at - began;
};
