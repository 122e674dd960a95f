// Package owner is a failure enricher that says whose a failure is, by a file in
// the spirit of GitHub's CODEOWNERS. Import it for its side effect, which is to
// register "owner":
//
//	failure-enrichers: [owner]
//	failure-enricher:
//	  owner:
//	    file: owners.txt
//	    reload: true
//
// # Options
//
//	file             a file with the rules; at most 1 MiB. A path that is relative
//	                 is so to the working directory of the process
//	reload           true: read the file again when it changes; by default, false
//	rules            the rules as a list of lines, in place of a file; at most 10,000
//	default-team     the team of what no line matches; by default, "unowned"
//	default-oncall   the same for oncall; by default, there is none
//	default-runbook  the same for runbook; by default, there is none
//
// # The file
//
// A line has one or more conditions, the team, and perhaps oncall and runbook:
//
//	# conditions                          team
//	*                                     platform
//	job:import-*                          data-eng      oncall=data-eng-primary
//	pkg:github.com/acme/billing/...       billing       oncall=billing runbook=https://wiki.acme.com/billing
//	pkg:github.com/acme/billing/tax       tax
//	label:type=DEPENDENCY                 integrations
//	label:type=DEPENDENCY job:checkout-*  checkout
//
// All conditions of a line have to be met, and the last line that matches wins:
// exceptions stand below what they are exceptions from. All labels are those of
// this one line. So "*", which stands for any failure, belongs in the first line;
// what is above it could never match and is an error.
//
//	job:GLOB        the name of the job
//	pkg:PATH        the path of the package in which the error arose
//	pkg:PATH/...    the same, or one below
//	pkg:...         any package, provided that it is known
//	label:KEY=GLOB  a label of another enricher
//	*               any failure
//
// In globs and paths * is any text, also one with slashes, ? any character, [a-c]
// one of these and [!a-c] one of all others. They match all of a text; upper and
// lower case differ.
//
// Words are separated by spaces or tabs. A word that begins with # begins a
// comment, which extends to the end of the line. A backslash takes the meaning
// from the character after it: "job:a\ b" has a space in its name, `\#` and `\*`
// are no comment and no glob, and a team with a colon is written `slack\:billing`.
//
// # Labels
//
// The output keys are team, and where a line or an option has such values, oncall
// and runbook. The label team is always set. The input keys are those of the
// conditions label:KEY=GLOB; without any, the enricher waits for no other.
//
// # Where an error arose
//
// That is the function that panicked, of an [enricher.PanicError], or the top of
// the stack that an error carries, as those of github.com/pkg/errors do. Errors
// of the standard library carry none, and match no pkg condition.
//
// # Reloading
//
// With reload, the failure that comes a second or more after the last look looks
// whether the file has changed, and if so, reads it. Others go on with the lines
// they have, and that one too after 100 ms: the file system may hang. A version
// that is broken is not used; nor is one with the first oncall, the first runbook
// or a new key of a label to read: the keys of an enricher are fixed while it
// runs, so that needs a restart. Each earns one WARN line, and is counted, see
// [Enricher.Counts].
package owner
