namespace Mantle.Init.Service;

/// <summary>Started a process and wants to know of its end.</summary>
internal interface IProcessOwner
{
    /// <summary>A process has ended.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="status">As waitpid(2) has it: 0 is a success.</param>
    /// <param name="now">In milliseconds.</param>
    /// <returns>Whether it was this owner's.</returns>
    bool OnProcessEnd(int process, int status, long now);
}
