// Package graph orders nodes of which some read what others set.
package graph

import "slices"

// All is the key of a node that reads whatever there is.
const All = "*"

// A Node sets some keys and reads others.
type Node struct {
	Sets  []string
	Reads []string
}

// Waits returns, for each node, the nodes that it waits for: ascending, each
// once. A node waits for every node that sets a key it reads; one that reads
// its own key waits for itself. A node that reads [All] also waits for every
// node that neither reads All nor waits, directly or indirectly, for it.
func Waits(nodes []Node) [][]int {
	setters := map[string][]int{}
	for i, n := range nodes {
		for _, key := range n.Sets {
			setters[key] = append(setters[key], i)
		}
	}
	waits := make([][]int, len(nodes))
	for i, n := range nodes {
		for _, key := range n.Reads {
			if key != All { // which may be the key of a label, too
				waits[i] = append(waits[i], setters[key]...)
			}
		}
	}
	// One edge at a time, and none that closes a cycle: if readers of All could
	// each wait for a reader of the other, the first in order does.
	for i, n := range nodes {
		if !slices.Contains(n.Reads, All) {
			continue
		}
		for j, other := range nodes {
			if !slices.Contains(other.Reads, All) && !reachable(waits, j)[i] {
				waits[i] = append(waits[i], j)
			}
		}
	}
	for i := range waits {
		slices.Sort(waits[i])
		waits[i] = slices.Compact(waits[i])
	}
	return waits
}

// Cycles returns the groups of nodes that wait for each other, or for
// themselves: each ascending, in the order of their first members.
func Cycles(waits [][]int) [][]int {
	// Two nodes are in one cycle if each can be reached from the other.
	// There are tens of nodes, so this need not be Tarjan's algorithm.
	reach := make([][]bool, len(waits))
	for i := range waits {
		reach[i] = reachable(waits, i)
	}
	var cycles [][]int
	seen := make([]bool, len(waits))
	for i := range waits {
		if seen[i] || !reach[i][i] {
			continue
		}
		var cycle []int
		for j := i; j < len(waits); j++ {
			if reach[i][j] && reach[j][i] {
				seen[j] = true
				cycle = append(cycle, j)
			}
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// Depths returns, for each node, the length of the longest chain of waiting that
// ends with it: its wave, 1 for a node that waits for none. There must be no cycles.
func Depths(waits [][]int) []int {
	depths := make([]int, len(waits))
	var depth func(i int) int
	depth = func(i int) int {
		if depths[i] == 0 {
			d := 1
			for _, j := range waits[i] {
				d = max(d, 1+depth(j))
			}
			depths[i] = d
		}
		return depths[i]
	}
	for i := range waits {
		depth(i)
	}
	return depths
}

// reachable reports which nodes can be reached from node i: i itself only if it
// lies on a cycle.
func reachable(edges [][]int, i int) []bool {
	seen := make([]bool, len(edges))
	stack := slices.Clone(edges[i])
	for len(stack) > 0 {
		j := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !seen[j] {
			seen[j] = true
			stack = append(stack, edges[j]...)
		}
	}
	return seen
}
