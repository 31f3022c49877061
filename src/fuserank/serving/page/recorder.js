// The audio thread: passes on what the microphone gives, as it comes. An AudioWorklet module, loaded by microphone.js.

class Recorder extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor("recorder", Recorder);
