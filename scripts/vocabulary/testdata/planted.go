package planted

// join has identifiers that are words of the list. The record is passed
// over.
func join(told string) string {
	anew := "anew"                               // one word is a key
	return told + anew + "the port is no device" //nolint:all // to be seen
}

const text = `the first line
the second line, at once`
