package enricherwasm

// Instrument is instrument.
var Instrument = instrument
