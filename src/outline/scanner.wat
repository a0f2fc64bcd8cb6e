;; Leaves the contents of long strings out of a JSON text, in place, and checks them on the way: RFC 8259 §7. Assembled
;; into scanner-code.ts by `npm run gen`. What is outside of strings is not looked at: that is left for JSON.parse.
(module
  (memory (export "memory") 1)

  ;; The text stands at 0 and is `n` bytes long; 32 bytes of zeros follow, which end every search. A string with `long`
  ;; bytes or more between its quotes is left empty, unless it is a key. Where its contents stood, as two 32-bit numbers
  ;; (first byte, byte behind), is written from `cuts` on, with -1 behind the last.
  ;; Returns the length of what is left, or -1 for a string that is none.
  (func (export "outline") (param $n i32) (param $long i32) (param $cuts i32) (result i32)
    (local $at i32) ;; where it reads
    (local $out i32) ;; where it writes
    (local $kept i32) ;; first byte that is not written yet
    (local $start i32) ;; first byte of a string's contents
    (local $hits i32) ;; one bit for each of 16 bytes
    (local $bit i32) ;; the lowest of them
    (local $here i32) ;; where it stands
    (local $byte i32)
    (local $digits i32) ;; hex digits to come
    (local $behind i32) ;; looks for a colon behind a string
    (local $block v128)

    (block $end
      (loop $outside
        (block $quote
          (loop $look
            (br_if $end (i32.ge_u (local.get $at) (local.get $n)))
            (local.set $hits (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 34)))))
            (br_if $quote (local.get $hits))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br $look)))
        (local.set $at (i32.add (i32.add (local.get $at) (i32.ctz (local.get $hits))) (i32.const 1)))
        (local.set $start (local.get $at))

        (block $closed
          (loop $inside
            ;; Quotes, backslashes and control characters: with bit 1 turned over, a quote follows the control characters.
            (local.set $block (v128.load (local.get $at)))
            (local.set $hits
              (i8x16.bitmask
                (v128.or
                  (i8x16.eq (local.get $block) (i8x16.splat (i32.const 92)))
                  (i8x16.le_u
                    (v128.xor (local.get $block) (i8x16.splat (i32.const 2)))
                    (i8x16.splat (i32.const 32))))))
            (loop $next
              (if (i32.eqz (local.get $hits))
                (then
                  (local.set $at (i32.add (local.get $at) (i32.const 16)))
                  (br $inside)))
              (local.set $bit (i32.ctz (local.get $hits)))
              (local.set $here (i32.add (local.get $at) (local.get $bit)))
              (local.set $byte (i32.load8_u (local.get $here)))
              (if (i32.ne (local.get $byte) (i32.const 92))
                (then
                  (local.set $at (local.get $here))
                  (br_if $closed (i32.eq (local.get $byte) (i32.const 34)))
                  ;; A control character, or the zeros behind the text.
                  (return (i32.const -1))))
              (local.set $byte (i32.load8_u offset=1 (local.get $here)))
              ;; One bit for each character that may stand behind a backslash: " and / below 64, \ b f n r t above.
              (if (i32.and
                    (i32.lt_u (local.get $byte) (i32.const 128))
                    (i32.wrap_i64
                      (i64.shr_u
                        (select
                          (i64.const 0x0014404410000000)
                          (i64.const 0x0000800400000000)
                          (i32.ge_u (local.get $byte) (i32.const 64)))
                        (i64.extend_i32_u (i32.and (local.get $byte) (i32.const 63))))))
                (then
                  (local.set $hits (i32.and (local.get $hits) (i32.shl (i32.const -4) (local.get $bit))))
                  (br_if $next (i32.lt_u (local.get $bit) (i32.const 15)))
                  (local.set $at (i32.add (local.get $at) (i32.const 17)))
                  (br $inside)))
              ;; Or u and four digits.
              (if (i32.ne (local.get $byte) (i32.const 117)) (then (return (i32.const -1))))
              (local.set $at (i32.add (local.get $here) (i32.const 2)))
              (local.set $digits (i32.const 4))
              (loop $hex
                (local.set $byte (i32.load8_u (local.get $at)))
                (if (i32.ge_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 10))
                  (then
                    (if (i32.ge_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 6))
                      (then (return (i32.const -1))))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $hex (local.tee $digits (i32.sub (local.get $digits) (i32.const 1)))))
              (br $inside))))

        (if (i32.ge_u (i32.sub (local.get $at) (local.get $start)) (local.get $long))
          (then
            (local.set $behind (local.get $at))
            (block $key
              (loop $blank
                (local.set $behind (i32.add (local.get $behind) (i32.const 1)))
                (local.set $byte (i32.load8_u (local.get $behind)))
                (br_if $key (i32.eq (local.get $byte) (i32.const 58)))
                (br_if $blank (i32.and
                  (i32.le_u (local.get $byte) (i32.const 32))
                  (i32.lt_u (local.get $behind) (local.get $n)))))
              (memory.copy (local.get $out) (local.get $kept) (i32.sub (local.get $start) (local.get $kept)))
              (local.set $out (i32.add (local.get $out) (i32.sub (local.get $start) (local.get $kept))))
              (local.set $kept (local.get $at))
              (i32.store (local.get $cuts) (local.get $start))
              (i32.store offset=4 (local.get $cuts) (local.get $at))
              (local.set $cuts (i32.add (local.get $cuts) (i32.const 8))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $outside)))

    (memory.copy (local.get $out) (local.get $kept) (i32.sub (local.get $n) (local.get $kept)))
    (i32.store (local.get $cuts) (i32.const -1))
    (i32.add (local.get $out) (i32.sub (local.get $n) (local.get $kept)))))
