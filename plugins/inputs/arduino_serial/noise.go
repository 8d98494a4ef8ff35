package arduino_serial

import "fmt"

// noise counts the bytes that text does not have. With a wrong baud rate most are of that kind.
type noise struct {
	bytes, strange int
}

// noiseBytes is how many bytes it takes to judge, noiseShare from how many percent of them on it is a wrong baud rate and
// not a damaged line.
const (
	noiseBytes = 64
	noiseShare = 25
)

func (n *noise) add(chunk []byte) {
	n.bytes += len(chunk)
	for _, char := range chunk {
		if char > '~' || (char < ' ' && char != '\r' && char != '\n' && char != '\t') {
			n.strange++
		}
	}
}

// diagnosis tells of a wrong baud rate, "" if it looks right.
func (n *noise) diagnosis(baudRate int) string {
	if n.bytes < noiseBytes || n.strange*100 < noiseShare*n.bytes {
		return ""
	}
	return fmt.Sprintf("%d%% of %d bytes are not ASCII: check baud_rate, now %d", n.strange*100/n.bytes, n.bytes, baudRate)
}
