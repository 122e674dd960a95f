package exceptions

// PassOn makes h know as many failures.
func PassOn(h *History, failures int) {
	for range failures {
		h.recent.add(h.newKey(), "record")
	}
}

// Bytes returns how many bytes the store of h says that it holds, and how many it holds
// if it is counted anew.
func Bytes(h *History) (said, counted int) {
	m := h.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	costs := map[*cost]bool{}
	for e := m.arrived.Front(); e != nil; e = e.Next() {
		r := e.Value.(*record)
		costs[r.cost] = true
		if r.entry.size() != r.cost.bytes {
			panic("the cost of a failure is not its size")
		}
	}
	for _, n := range m.events {
		counted += eventOverhead
		for _, c := range n.costs {
			costs[c] = true
		}
	}
	for c := range costs {
		counted += c.bytes
	}
	return m.bytes, counted
}
