
# Without the package bash-completion: words are what stands between blanks.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
    __tend_init_completion()
    {
        COMPREPLY=()
        local line="${COMP_LINE:0:COMP_POINT}"
        read -r -a words <<<"$line"
        [[ $line == *[[:blank:]] || ${#words[@]} -eq 0 ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur="${words[cword]}"
        prev="${words[cword > 0 ? cword - 1 : 0]}"
    }
    if ! declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions() { :; }
    fi
fi

# Readline replaces only what stands behind the last "=", so only that is offered.
__tend_complete()
{
    __start_tend
    local line="${COMP_LINE:0:COMP_POINT}" word
    word="${line##*[[:blank:]]}"
    if [[ $word == *=* && $word != -* && $COMP_WORDBREAKS == *=* ]]; then
        local head="${word%"${word##*=}"}"
        COMPREPLY=("${COMPREPLY[@]#"$head"}")
    fi
}
complete -o default -o nosort -F __tend_complete tend 2>/dev/null || complete -o default -F __tend_complete tend
