using System.Buffers.Binary;
using System.Numerics;

namespace Mantle.Fuzz;

/// <summary>Makes one input of others. The same seed gives the same inputs, whatever the machine and the number of its cores.</summary>
/// <param name="seed">Start of the sequence.</param>
/// <param name="words">Pieces to put in.</param>
/// <param name="maximumLength">Inputs do not grow beyond it.</param>
internal sealed class Mutator(ulong seed, IReadOnlyList<byte[]> words, int maximumLength)
{
    private static readonly long[] s_interesting =
    [
        0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 513, 1023, 1024, 4095, 4096, 4097, 32767, 32768, 65535, 65536,
        0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0xFFFFFFFE, 0xFFFFFFF0, 0xFFFFF000, 0x7FFFF000, long.MaxValue, long.MinValue, -1, -2, -512, -4096,
    ];

    private readonly byte[] _buffer = new byte[maximumLength];
    private ulong _state = seed;
    private int _length;

    /// <summary>An input made of one or two others.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        byte[] start = corpus[Below(corpus.Count)];
        _length = Math.Min(start.Length, maximumLength);
        start.AsSpan(0, _length).CopyTo(_buffer);
        for (int count = 1 + Math.Min(BitOperations.TrailingZeroCount(Next() | 1UL << 5), 5); count > 0; count--)
        {
            Change(corpus);
        }

        return _buffer.AsSpan(0, _length).ToArray();
    }

    /// <summary>A number from 0 to one less than <paramref name="end"/>.</summary>
    public int Below(int end) => end <= 1 ? 0 : (int)(Next() % (uint)end);

    // SplitMix64 (Steele, Lea, Flood 2014).
    private ulong Next()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    private void Change(IReadOnlyList<byte[]> corpus)
    {
        if (_length == 0)
        {
            Insert(0, RandomBytes(1 + Below(64)));
            return;
        }

        int at = Position();
        switch (Below(20))
        {
            case 0 or 1 or 2:
                _buffer[at] ^= (byte)(1 << Below(8));
                break;
            case 3 or 4:
                _buffer[at] = Below(2) == 0 ? unchecked((byte)s_interesting[Below(s_interesting.Length)]) : (byte)Below(256);
                break;
            case 5 or 6 or 7:
                WriteNumber(at, unchecked((ulong)s_interesting[Below(s_interesting.Length)]));
                break;
            case 8:
                WriteNumber(at, unchecked(ReadNumber(at) + (ulong)Below(33) - 16));
                break;
            case 9:
                Delete(at, 1 + Below(Math.Min(_length - at, Below(8) == 0 ? 4096 : 32)));
                break;
            case 10:
                Insert(at, _buffer.AsSpan(at, 1 + Below(Math.Min(_length - at, 600))).ToArray());
                break;
            case 11:
                Insert(at, RandomBytes(1 + Below(16)));
                break;
            case 12:
                Overwrite(Position(), _buffer.AsSpan(at, 1 + Below(Math.Min(_length - at, 600))).ToArray());
                break;
            case 13:
                Splice(at, corpus[Below(corpus.Count)]);
                break;
            case 14:
                _length = Below(4) == 0 ? at : Math.Max(0, _length - 1 - Below(64));
                break;
            case 15 when words.Count > 0:
                Insert(at, words[Below(words.Count)]);
                break;
            case 16 when words.Count > 0:
                Overwrite(at, words[Below(words.Count)]);
                break;
            case 17:
                Repeat(at);
                break;
            case 18:
                ChangeDigit(at);
                break;
            default:
                _buffer.AsSpan(at, Below(Math.Min(_length - at, 64))).Fill(Below(2) == 0 ? (byte)0 : (byte)0xFF);
                break;
        }
    }

    /// <summary>Anywhere, but as often among the first bytes, where headers are, and on a boundary, where fields are.</summary>
    private int Position() => Below(4) switch
    {
        0 => Below(Math.Min(_length, 256)),
        1 => Below(_length) & ~7,
        _ => Below(_length),
    };

    private byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(Next() & 0xFF);
        }

        return bytes;
    }

    private void WriteNumber(int at, ulong value)
    {
        int width = 1 << Below(4);
        if (width > _length - at)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[8];
        if (Below(2) == 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            bytes[..width].CopyTo(_buffer.AsSpan(at));
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            bytes[(8 - width)..].CopyTo(_buffer.AsSpan(at));
        }
    }

    private ulong ReadNumber(int at)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        _buffer.AsSpan(at, Math.Min(8, _length - at)).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private void Delete(int at, int count)
    {
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, maximumLength - _length);
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + count));
        bytes[..count].CopyTo(_buffer.AsSpan(at));
        _length += count;
    }

    private void Overwrite(int at, ReadOnlySpan<byte> bytes) => bytes[..Math.Min(bytes.Length, _length - at)].CopyTo(_buffer.AsSpan(at));

    private void Splice(int at, byte[] other)
    {
        int from = Below(other.Length);
        ReadOnlySpan<byte> piece = other.AsSpan(from, Below(Math.Min(other.Length - from, 2048) + 1));
        if (Below(2) == 0)
        {
            Insert(at, piece);
        }
        else
        {
            Overwrite(at, piece);
        }
    }

    /// <summary>The same piece again and again: deep nesting, long lists.</summary>
    private void Repeat(int at)
    {
        byte[] piece = _buffer.AsSpan(at, 1 + Below(Math.Min(_length - at, 24))).ToArray();
        for (int times = 1 << Below(Below(8) == 0 ? 14 : 6); times > 0 && _length < maximumLength; times--)
        {
            Insert(at, piece);
        }
    }

    private void ChangeDigit(int at)
    {
        int digit = _buffer.AsSpan(at, _length - at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (digit >= 0)
        {
            _buffer[at + digit] = (byte)('0' + Below(10));
        }
    }
}
