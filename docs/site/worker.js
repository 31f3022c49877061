// Search runs in a worker, which browsers refuse to a page that is opened from a disk. There, and only there, it runs in a hidden
// frame of the same page; the theme's search looks for this name.
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      const load = (source) =>
        new Promise((done, failed) => {
          const script = inside.document.createElement("script");
          Object.assign(script, { src: source, onload: done, onerror: failed });
          inside.document.body.append(script);
        });
      inside.importScripts = (...sources) => sources.reduce((before, source) => before.then(() => load(source)), Promise.resolve());
      inside.postMessage = (data) => this.tell(this, data);
      this.loaded = load(address);
    }

    postMessage(data) {
      this.loaded.then(() => this.tell(this.frame.contentWindow, data));
    }

    tell(target, data) {
      const event = new MessageEvent("message", { data });
      target.dispatchEvent(event);
      target.onmessage?.(event);
    }

    terminate() {
      this.frame.remove();
    }
  };
}
