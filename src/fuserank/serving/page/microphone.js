// Records the microphone, for at most SECONDS.

import { encodeWav, RATE, resample } from "./wav.js";

export const SECONDS = 10;
const SILENT = 1 / 32_768; // below one step of 16 bits

/** Why there is no recording; `key` names the words for it. */
export class NoSound extends Error {
  constructor(key) {
    super(key);
    this.key = key;
  }
}

/**
 * Record until `stopped` is fulfilled or SECONDS are full.
 * @param {Promise<boolean>} stopped whether the recording is wanted
 * @param {(seconds: number, level: number) => void} heard told often: how long, and how loud (0 to 1) of late
 * @returns {Promise<{wav: Blob, seconds: number}|null>} null: not wanted
 * @throws {NoSound}
 */
export async function record(stopped, heard) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoSound("noMicrophone");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
  } catch {
    throw new NoSound("microphoneRefused");
  }
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule("/page/recorder.js");
    const { pieces, wanted } = await listen(context, stream, stopped, heard);
    if (!wanted) return null;
    const samples = await resample(joined(pieces, SECONDS * context.sampleRate), context.sampleRate);
    if (samples.every((sample) => Math.abs(sample) < SILENT)) throw new NoSound("heardNothing");
    return { wav: encodeWav(samples), seconds: samples.length / RATE };
  } finally {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  }
}

async function listen(context, stream, stopped, heard) {
  const pieces = [];
  let length = 0;
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  const full = new Promise((resolve) => {
    recorder.port.onmessage = ({ data }) => {
      pieces.push(data);
      length += data.length;
      heard(length / context.sampleRate, Math.max(...data.map(Math.abs)));
      if (length >= SECONDS * context.sampleRate) resolve(true);
    };
  });
  context.createMediaStreamSource(stream).connect(recorder);
  const wanted = await Promise.race([stopped, full]);
  recorder.port.onmessage = null;
  return { pieces, wanted };
}

function joined(pieces, most) {
  const length = Math.min(
    pieces.reduce((sum, piece) => sum + piece.length, 0),
    most,
  );
  const whole = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece.subarray(0, length - at), at);
    at += Math.min(piece.length, length - at);
  }
  return whole;
}
