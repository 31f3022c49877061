// What is asked: the words, the sound and the picture in the search box.

import { byId, el, icon, iconButton } from "./dom.js";
import { record, NoSound, SECONDS } from "./microphone.js";
import { carriesFiles, firstPicture, prepared } from "./picture.js";
import { number, onLanguage, say } from "./words.js";
import { base64 } from "./wav.js";
import { Wave } from "./wave.js";

/** The search box. */
export class Asking {
  #picture = null; // {blob, address}
  #sound = null; // {blob, address, seconds}
  #stop = null; // ends the recording that runs
  #search;

  /** @param {() => void} search called when something is asked */
  constructor(search) {
    this.#search = search;
    byId("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#stop) this.#stop(true);
      else search();
    });
    byId("speak").addEventListener("click", () => (this.#stop ? this.#stop(true) : this.#listen()));
    byId("cancel").addEventListener("click", () => this.#stop?.(false));
    this.#takePictures();
    onLanguage(() => this.#draw());
    this.#draw();
  }

  get text() {
    return byId("text").value.trim();
  }

  set text(words) {
    byId("text").value = words;
  }

  /** Whether there is nothing to look for. */
  get empty() {
    return !(this.text || this.#picture || this.#sound);
  }

  /** The request's `query`, without the shopper; media as base64. */
  async read() {
    const query = this.text ? { text: this.text } : {};
    if (this.#picture) query.image = await base64(this.#picture.blob);
    if (this.#sound) query.audio = await base64(this.#sound.blob);
    return query;
  }

  /** Ask nothing. */
  clear() {
    this.text = "";
    this.#keep("picture", null);
    this.#keep("sound", null);
  }

  /** Whether a recording ran and is now thrown away. */
  cancelRecording() {
    this.#stop?.(false);
    return Boolean(this.#stop);
  }

  /** Take a file as the picture and search; a file that is no picture is refused in words. */
  async takePicture(file) {
    const blob = await prepared(file);
    this.complain(blob ? null : "notAPicture");
    if (!blob) return;
    this.#keep("picture", { blob });
    this.#search();
  }

  /** Say what is wrong with what was given, by its key; null: nothing. */
  complain(key) {
    const trouble = byId("trouble");
    trouble.hidden = !key;
    trouble.textContent = key ? say(key) : "";
  }

  #takePictures() {
    const file = byId("file");
    byId("choose").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files[0]) this.takePicture(file.files[0]);
      file.value = "";
    });
    document.addEventListener("paste", (event) => {
      const pasted = firstPicture(event.clipboardData);
      if (pasted) this.takePicture(pasted);
    });
    const veil = byId("dropping");
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      veil.hidden = false;
    });
    document.addEventListener("dragleave", (event) => (veil.hidden = event.relatedTarget === null || veil.hidden));
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      veil.hidden = true;
      const dropped = event.dataTransfer.files[0];
      if (dropped) this.takePicture(dropped);
    });
  }

  async #listen() {
    this.complain(null);
    const stopped = new Promise((resolve) => (this.#stop = resolve));
    this.#draw();
    const wave = new Wave(byId("wave"));
    try {
      const sound = await record(stopped, (seconds, level) => {
        wave.add(level);
        byId("seconds").textContent = say("listening", { n: number(Math.min(seconds, SECONDS), 1) });
      });
      if (sound) this.#keep("sound", { blob: sound.wav, seconds: sound.seconds });
      this.#stop = null;
      if (sound) this.#search();
    } catch (error) {
      if (!(error instanceof NoSound)) throw error;
      this.complain(error.key);
    } finally {
      this.#stop = null;
      this.#draw();
      byId("text").focus();
    }
  }

  /** Replace a medium, or with null remove it. */
  #keep(kind, given) {
    const old = kind === "picture" ? this.#picture : this.#sound;
    if (old) URL.revokeObjectURL(old.address);
    const kept = given && { ...given, address: URL.createObjectURL(given.blob) };
    if (kind === "picture") this.#picture = kept;
    else this.#sound = kept;
    this.#draw();
  }

  #draw() {
    const recording = Boolean(this.#stop);
    byId("box").classList.toggle("recording", recording);
    byId("listening").hidden = !recording;
    byId("text").hidden = recording;
    const speak = byId("speak");
    speak.setAttribute("aria-pressed", recording);
    speak.title = say(recording ? "stopSpeaking" : "speak");
    speak.setAttribute("aria-label", speak.title);
    byId("given").replaceChildren(...[this.#picture && this.#pictureChip(), this.#sound && this.#soundChip()].filter(Boolean));
  }

  #pictureChip() {
    const image = el("img", { src: this.#picture.address, alt: say("yourPicture") });
    return el("span", { class: "chip media", data: { kind: "picture" } }, image, this.#remover("removePicture", "picture"));
  }

  #soundChip() {
    const { address, seconds } = this.#sound;
    const text = say("yourSound", { n: number(seconds, 1) });
    const play = el(
      "button",
      { type: "button", class: "quiet", "aria-label": say("playSound"), title: text, on: { click: () => new Audio(address).play() } },
      icon("play"),
      el("span", { text: `${number(seconds, 1)} s` }),
    );
    return el("span", { class: "chip media", data: { kind: "sound" } }, play, this.#remover("removeSound", "sound"));
  }

  #remover(label, kind) {
    const remove = () => {
      this.#keep(kind, null);
      byId("text").focus();
    };
    return iconButton("close", say(label), remove);
  }
}
