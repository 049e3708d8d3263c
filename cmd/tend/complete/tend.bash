# Completion of tend for bash, 3.2 and later; the package bash-completion is not needed. What is typed is handed to tend as words and
# never evaluated.

# __tend_split cuts a line into words, without their quotes. Readline replaces what stands behind the last of COMP_WORDBREAKS, or behind
# an open quote: head is the part of the last word before that, quote the quote that is open.
__tend_split()
{
    local line=$1 word="" open="" c i
    words=() head="" quote=""
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        case "$quote$c" in
            \' | \") quote=$c open=1 head=$word ;;
            "''" | '""') quote="" head=$word ;;
            \\ | \"\\) i=$((i + 1)) word+=${line:i:1} open=1 ;;
            [[:blank:]])
                [[ -n $open ]] && words+=("$word")
                word="" open="" head=""
                ;;
            *)
                word+=$c open=1
                [[ -z $quote && $COMP_WORDBREAKS == *"$c"* ]] && head=$word
                ;;
        esac
    done
    words+=("$word")
}

__tend_complete()
{
    local words head quote said how found=() about=() longest=0 word flag="" line tab=$'\t'
    COMPREPLY=()
    __tend_split "${COMP_LINE:0:COMP_POINT}"
    while [[ ${words[0]} == [A-Za-z_]*=* && ${#words[@]} -gt 1 ]]; do # VAR=value tend ...
        words=("${words[@]:1}")
    done
    local tend=${words[0]/#~\//$HOME/} typed=${words[${#words[@]} - 1]}
    type -P -- "$tend" >/dev/null || tend=tend # an alias
    said=$(TEND_ACTIVE_HELP=0 "$tend" __complete "${words[@]:1}" 2>/dev/null) || return
    how=${said##*:}
    [[ $typed == -*=* ]] && flag=${typed%%=*}=
    while IFS="" read -r line; do
        word=$flag${line%%"$tab"*}
        [[ -z $line || $word != "$typed"* || $word != "$head"* ]] && continue
        word=${word#"$head"}
        found+=("$word")
        [[ $line == *"$tab"* ]] && about+=("${line#*"$tab"}") || about+=("")
        [[ ${#word} -gt $longest ]] && longest=${#word}
    done <<<"${said%:*}"
    if [[ $(type -t compopt) == builtin ]]; then
        ((how & 2)) && compopt -o nospace
        ((how & 4)) && compopt +o default
        ((how & 16)) && compopt -o dirnames
    fi
    __tend_reply
}

# __tend_reply offers what was found: a single word as it must be typed, several with what they are about.
__tend_reply()
{
    local i
    if [[ ${#found[@]} -eq 1 && -z $quote && ${found[0]} == *[^[:alnum:]_.,:=@%/+!-]* ]]; then
        printf -v line %q "${found[0]}"
        found=("$line")
    fi
    for ((i = 0; i < ${#found[@]}; i++)); do
        if [[ ${#found[@]} -gt 1 && -n ${about[i]} && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            printf -v line '%-*s  (%s)' "$longest" "${found[i]}" "${about[i]}"
            COMPREPLY+=("${line:0:${COLUMNS:-80}}")
        else
            COMPREPLY+=("${found[i]}")
        fi
    done
}

complete -o default -o nosort -F __tend_complete tend 2>/dev/null || complete -o default -F __tend_complete tend
