// Package owner is a failure enricher that says which team is responsible for a
// failure, by a file in the style of GitHub's CODEOWNERS. Import it for its side
// effect, which is to register "owner":
//
//	failure-enrichers: [owner]
//	failure-enricher:
//	  owner:
//	    file: owners.txt
//	    reload: true
//
// # Options
//
//	file             a file with the rules; at most 1 MiB. A relative path is
//	                 relative to the working directory when New is called
//	reload           true: read the file again when it changes; by default, false
//	rules            the rules as a list of lines, in place of a file
//	default-team     the team if no line matches; by default, "unowned"
//	default-oncall   the same for oncall; by default, there is none
//	default-runbook  the same for runbook; by default, there is none
//
// # The file
//
// A line has one or more conditions, the team and, optionally, oncall and runbook:
//
//	# conditions                          team
//	*                                     platform
//	job:import-*                          data-eng      oncall=data-eng-primary
//	pkg:github.com/acme/billing/...       billing       oncall=billing runbook=https://wiki.acme.com/billing
//	pkg:github.com/acme/billing/tax       tax
//	label:type=DEPENDENCY                 integrations
//	label:type=DEPENDENCY job:checkout-*  checkout
//
// A line matches a failure that meets all of its conditions. Conditions that no
// failure can meet together, such as job:a* job:b*, are an error. The last line that
// matches sets all labels, so exceptions stand below the lines they are exceptions
// to. A line that matches any failure, such as "*", must be the first one, and no two
// lines may have the same conditions. An item of the list rules is one line.
//
//	job:GLOB        the name of the job
//	pkg:PATH        the path of the package in which the error arose
//	pkg:PATH/...    the same, or a package below
//	pkg:...         any package, if it is known
//	label:KEY=GLOB  a label of another enricher
//	*               any failure
//
// In globs and paths * is any text, including slashes, ? any character, [a-c] one
// of these and [!a-c] any other. They match the whole text; upper and lower case
// differ.
//
// Words are separated by spaces or tabs. A word that begins with # begins a
// comment, which extends to the end of the line. A backslash takes the special
// meaning from the next character: "job:a\ b" has a space in its name, `\#` and `\*`
// are no comment and no glob, and a team with a colon is written `slack\:billing`.
//
// # Labels
//
// The output keys are team and, if a line or an option has such values, oncall and
// runbook. The label team is always set. The input keys are those of the
// conditions label:KEY=GLOB; without any, the enricher does not wait for others.
//
// # Where an error arose
//
// That is the function that panicked, of an [enricher.PanicError], or the top of
// the stack that an error carries, as those of github.com/pkg/errors do. Errors
// of the standard library carry none and match no pkg condition.
//
// # Reloading
//
// With reload, a failure checks whether the file has changed if the last check was
// a second ago. A changed file is read when the next check finds that it is
// unchanged since. To be safe from a version that is written in parts, write a new
// file and rename it into place. A file that is written in place and keeps its size and
// time is not noticed. A version with an error is not used, nor is one with the first
// oncall, the first runbook or a new key of a label to read: the keys of an
// enricher are fixed while it runs. The previous version is kept then, a WARN line
// logged, and the failed reload counted. A file that cannot be read, as permission is
// missing, is read once it can be.
//
// # Counts
//
//	unmatched      failures that no line matched
//	reload-failed  versions of the file that could not be used
package owner
