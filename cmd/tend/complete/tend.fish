# Completion of tend for fish. What is typed is handed to tend as words and never evaluated.

# __tend_look puts what can follow into __tend_found, and fails where a file can.
function __tend_look
    set -g __tend_found
    set -l words (commandline -opc)
    set -l typed (commandline -ct | string replace -r -- '^["\']' '')
    set -l tend (string replace -r -- '^~/' "$HOME/" $words[1])
    command -q -- $tend; or set tend tend # an alias
    set -l said (TEND_ACTIVE_HELP=0 $tend __complete $words[2..-1] "$typed" 2>/dev/null)
    or return 1
    set -l how (string replace : '' -- $said[-1])
    set -l flag (string match -r -- '^-[^=]*=' "$typed") # fish completes whole words
    for line in $said[1..-2]
        test -n "$line"; and set -a __tend_found "$flag$line"
    end
    test (count $__tend_found) -gt 0; or test (math (math --scale 0 $how / 4) % 2) -eq 1
end

complete -c tend -e
complete -c tend -n __tend_look -f -a '$__tend_found'
