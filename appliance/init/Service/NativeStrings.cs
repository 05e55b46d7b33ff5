using System.Runtime.InteropServices;
using System.Text;

namespace Mantle.Init.Service;

/// <summary>A NULL-terminated array of C strings, as execve(2) takes it.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int _count;

    internal NativeStrings(IReadOnlyList<string> strings)
    {
        _count = strings.Count;
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
        for (int index = 0; index < _count; index++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(strings[index]);
            Pointer[index] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(Pointer[index], bytes.Length));
        }
    }

    internal byte** Pointer { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int index = 0; index < _count; index++)
        {
            NativeMemory.Free(Pointer[index]);
        }

        NativeMemory.Free(Pointer);
    }
}
