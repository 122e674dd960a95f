package enricherwasm

// Instrument is instrument, with 64 MiB of memory.
func Instrument(code []byte) ([]byte, error) { return instrument(code, 1024) }
