// How loud the microphone is: bars that run from right to left.

const STEP = 4; // pixels from bar to bar
const EVERY = 8; // blocks of 128 samples in one bar

export class Wave {
  #canvas;
  #bars = [];
  #loudest = 0;
  #blocks = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    canvas.width = 2 * canvas.clientWidth; // sharp where a point is two pixels
    this.#paint();
  }

  /** The loudness (0 to 1) of one more block. */
  add(level) {
    this.#loudest = Math.max(this.#loudest, level);
    if (++this.#blocks % EVERY) return;
    this.#bars.push(this.#loudest);
    this.#loudest = 0;
    this.#paint();
  }

  #paint() {
    const { width, height } = this.#canvas;
    const pen = this.#canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(this.#canvas).color;
    const shown = this.#bars.slice(-Math.floor(width / (2 * STEP)));
    shown.forEach((level, i) => {
      const tall = Math.max(4, Math.sqrt(level) * height);
      pen.fillRect(width - 2 * STEP * (shown.length - i), (height - tall) / 2, STEP, tall);
    });
  }
}
