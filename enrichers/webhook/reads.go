package webhook

import (
	"maps"
	"slices"
	"text/template"
	"text/template/parse"
)

// labelsRead returns the keys of the labels that a template reads by their names:
// .Labels.team, {{with .Labels}}{{.team}}{{end}}, index .Labels "team".
func labelsRead(t *template.Template) []string {
	r := &reads{keys: map[string]bool{}, labels: map[string]bool{}}
	for _, t := range t.Templates() {
		r.nodes(t.Root, false)
	}
	return slices.Sorted(maps.Keys(r.keys))
}

// reads are what has been found in a template.
type reads struct {
	keys   map[string]bool
	labels map[string]bool // the variables that have been set to .Labels
}

// nodes looks through nodes. dot says whether the dot is .Labels there, and not the
// message.
func (r *reads) nodes(list *parse.ListNode, dot bool) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			r.pipe(n.Pipe, dot)
		case *parse.TemplateNode:
			r.pipe(n.Pipe, dot)
		case *parse.IfNode:
			r.branch(&n.BranchNode, dot, dot)
		case *parse.RangeNode:
			r.branch(&n.BranchNode, dot, false)
		case *parse.WithNode:
			r.branch(&n.BranchNode, dot, r.isLabels(n.Pipe, dot))
		}
	}
}

func (r *reads) branch(n *parse.BranchNode, dot, inner bool) {
	r.pipe(n.Pipe, dot)
	r.nodes(n.List, inner)
	r.nodes(n.ElseList, dot)
}

func (r *reads) pipe(p *parse.PipeNode, dot bool) {
	if p == nil {
		return
	}
	for _, c := range p.Cmds {
		if fn, ok := c.Args[0].(*parse.IdentifierNode); ok && fn.Ident == "index" && len(c.Args) > 2 && r.isLabels(c.Args[1], dot) {
			if key, ok := c.Args[2].(*parse.StringNode); ok {
				r.keys[key.Text] = true
			}
		}
		for _, n := range c.Args {
			if path, ok := r.path(n, dot); ok && len(path) > 0 {
				r.keys[path[0]] = true
			}
			switch n := n.(type) {
			case *parse.PipeNode:
				r.pipe(n, dot)
			case *parse.ChainNode:
				if inner, ok := n.Node.(*parse.PipeNode); ok {
					r.pipe(inner, dot)
				}
			}
		}
	}
	for _, v := range p.Decl {
		r.labels[v.Ident[0]] = r.isLabels(p, dot)
	}
}

// path returns the fields below .Labels that n is, and whether it is that or .Labels
// itself.
func (r *reads) path(n parse.Node, dot bool) (fields []string, ok bool) {
	below := func(fields []string) ([]string, bool) {
		if len(fields) == 0 || fields[0] != "Labels" {
			return nil, false
		}
		return fields[1:], true
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return nil, dot
	case *parse.FieldNode:
		if dot {
			return n.Ident, true
		}
		return below(n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return below(n.Ident[1:])
		}
		return n.Ident[1:], r.labels[n.Ident[0]]
	case *parse.ChainNode:
		return n.Field, r.isLabels(n.Node, dot)
	case *parse.PipeNode:
		if len(n.Cmds) == 1 && len(n.Cmds[0].Args) == 1 {
			return r.path(n.Cmds[0].Args[0], dot)
		}
	}
	return nil, false
}

func (r *reads) isLabels(n parse.Node, dot bool) bool {
	fields, ok := r.path(n, dot)
	return ok && len(fields) == 0
}
