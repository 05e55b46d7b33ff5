using CsCheck;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tests.Cpio;

/// <summary>What every reader has to stand: any bytes are read or refused with <see cref="MalformedInputException"/>, nothing else.</summary>
internal static class Mangling
{
    /// <summary>Cuts the sample at many places, flips bits where <paramref name="interesting"/> says, and feeds noise.</summary>
    public static void Survive(byte[] sample, Action<ByteSource> read, int[]? interesting = null, int iterations = 2000)
    {
        read(ByteSource.FromMemory(sample));
        int step = Math.Max(sample.Length / 2000, 1);
        for (int length = 0; length < sample.Length; length += step)
        {
            ReadOrRefuse(ByteSource.FromMemory(sample.AsMemory(0, length)), read);
        }

        Gen<int> position = interesting is null ? Gen.Int[0, sample.Length - 1] : Gen.Int[0, interesting.Length - 1].Select(index => interesting[index]);
        Gen.Select(position, Gen.Byte).Array[1, 8].Sample(
            changes =>
            {
                byte[] bytes = [.. sample];
                foreach ((int at, byte value) in changes)
                {
                    bytes[at] = (value & 3) == 0 ? (byte)(bytes[at] ^ (1 << (value >> 5))) : value;
                }

                ReadOrRefuse(ByteSource.FromMemory(bytes), read);
            },
            iter: iterations);
        Gen.Byte.Array[0, 4096].Sample(bytes => ReadOrRefuse(ByteSource.FromMemory(bytes), read), iter: iterations / 4);
    }

    private static void ReadOrRefuse(ByteSource source, Action<ByteSource> read)
    {
        try
        {
            read(source);
        }
        catch (MalformedInputException)
        {
        }
    }
}
