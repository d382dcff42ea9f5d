package present

// FormModel is fields to fill in, one below the other. What stands in them is in Drafts until a button sends it.
type FormModel struct {
	Asks   string // another one empties the fields
	Fields []FormField
}

// FormField is a line to type in, a choice, or boxes for a code that is wiped when it leaves.
type FormField struct {
	Name    string
	Label   string
	Hint    Line
	Value   string        // to begin with
	Options []OptionModel // of a choice
	Values  []string      // of Options
	None    string        // shown while none is chosen, of a compact choice
	Code    InputModel    // Max is 0 for no code
	Said    string        // of a code, for a screen reader: a key of the catalogue
	Locked  bool
	Tiles   int  // of a choice: its answers stand in so many columns
	Narrow  bool // stands beside the one before
	Compact bool // of a choice: the answers are listed only while it has the focus
}

// drafted is what stands in a field of the form.
func (d Drafts) drafted(name string) string { return d.Form[name] }
