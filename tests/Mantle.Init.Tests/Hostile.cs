using CsCheck;
using Mantle.Formats.Bytes;

namespace Mantle.Init.Tests;

/// <summary>Attacks on a reader: it may succeed or throw <see cref="MalformedInputException"/>, and nothing else.</summary>
internal static class Hostile
{
    /// <summary>Every truncation, every single flipped bit, and random bytes in random places of a valid input.</summary>
    internal static void Attack(byte[] valid, Action<byte[]> read)
    {
        Survive(valid, read);
        for (int length = 0; length < valid.Length; length++)
        {
            Survive(valid[..length], read);
        }

        for (int bit = 0; bit < valid.Length * 8; bit++)
        {
            byte[] flipped = [.. valid];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Survive(flipped, read);
        }

        Gen.Select(Gen.Int[0, Math.Max(valid.Length - 1, 0)], Gen.Byte.Array[0, 24]).Array[1, 4].Sample(
            patches =>
            {
                byte[] patched = [.. valid];
                foreach ((int at, byte[] bytes) in patches)
                {
                    bytes.AsSpan(0, Math.Min(bytes.Length, patched.Length - at)).CopyTo(patched.AsSpan(at));
                }

                Survive(patched, read);
            },
            iter: 5000,
            threads: 1);
        Gen.Byte.Array[0, 600].Sample(bytes => Survive(bytes, read), iter: 2000, threads: 1);
    }

    private static void Survive(byte[] input, Action<byte[]> read)
    {
        try
        {
            read(input);
        }
        catch (MalformedInputException)
        {
        }
    }
}
