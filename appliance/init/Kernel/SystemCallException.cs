using System.Runtime.InteropServices;

namespace Mantle.Init.Kernel;

/// <summary>The kernel refused a call.</summary>
/// <param name="call">The call and what it was about, for example <c>mount "/proc"</c>.</param>
/// <param name="errorNumber">The value of errno(3).</param>
internal sealed class SystemCallException(string call, int errorNumber) : Exception($"{call}: errno {errorNumber}")
{
    internal int ErrorNumber { get; } = errorNumber;

    /// <summary>The exception for the call that has just failed on this thread.</summary>
    internal static SystemCallException Last(string call) => new(call, Marshal.GetLastPInvokeError());

    /// <summary>Throws if a call returned a negative value; otherwise returns that value.</summary>
    internal static int Check(int result, string call) => result >= 0 ? result : throw Last(call);
}
